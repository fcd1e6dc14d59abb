/** A reader for revoked-set.test.ts: what had been added before it asked has to be found revoked. */
import { parentPort, workerData } from 'node:worker_threads';
import { Fingerprinter } from '../../platform/fingerprint.ts';
import { RevokedSetReader } from './revoked-set.ts';
import { identifyToken, type TokenIdentity } from './token-identity.ts';

const { count, issuer } = workerData;
const set = new RevokedSetReader(workerData.buffers);
/** [added so far, readers that began, rounds of all readers] */
const progress = new Int32Array(workerData.progress);

const fingerprinter = new Fingerprinter(new Uint8Array(32).fill(3));
const tokens: TokenIdentity[] = [];
for (let i = 0; i < count; i++) tokens.push(identifyToken(fingerprinter, { issuer, jti: `j${i}` }));
Atomics.add(progress, 1, 1);
Atomics.notify(progress, 1);

const wrong: number[] = [];
let checks = 0;
let state = 1;
let added = 0;
while (added < count) {
  // Asked before it is added, it may be remembered as clean; that must not outlive the add.
  const next = Atomics.load(progress, 0) + 1;
  if (next < count) set.isRevoked(tokens[next] as TokenIdentity);

  Atomics.add(progress, 2, 1);
  added = Atomics.load(progress, 0);
  const newest = added - 1;
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  const any = added > 0 ? state % added : -1;
  for (const i of [newest, any]) {
    if (i < 0 || i % 3 === 2) continue;
    checks++;
    if (!set.isRevoked(tokens[i] as TokenIdentity)) wrong.push(i);
  }
}
parentPort?.postMessage({ wrong, checks });
