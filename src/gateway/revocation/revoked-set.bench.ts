/** Cost of asking, with a million entries. `node src/gateway/revocation/revoked-set.bench.ts` */
import { Fingerprinter } from '../../platform/fingerprint.ts';
import { RevokedSet, RevokedSetReader } from './revoked-set.ts';
import { identifyToken, type TokenIdentity } from './token-identity.ts';

const fingerprinter = new Fingerprinter(new Uint8Array(32).fill(1));
const issuer = 'https://localhost:9443/oauth2/token';
const expires = 1_900_000_000;
const calls = 2 ** 18;

function measure(name: string, call: (i: number) => void): void {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < calls; i++) call(i);
    best = Math.min(best, Number(process.hrtime.bigint() - start) / calls);
  }
  console.log(`${name.padEnd(50)} ${best.toFixed(1)} ns`);
}

const writer = new RevokedSet(fingerprinter);
const started = process.hrtime.bigint();
for (let i = 0; i < writer.capacity; i++) writer.add({ type: 'token', issuer, value: `revoked ${i}`, expires });
const each = Number(process.hrtime.bigint() - started) / writer.capacity;
console.log(`${`add, ${writer.size} entries`.padEnd(50)} ${each.toFixed(1)} ns`);

const reader = new RevokedSetReader(writer.buffers);
const identify = (jti: string, i: number) =>
  identifyToken(fingerprinter, { issuer, jti, sub: `user ${i}`, clientId: `client ${i % 100}`, iat: 1_800_000_000 });
const tokens = Array.from({ length: calls }, (_, i) => identify(`clean ${i}`, i));
const revoked = Array.from({ length: calls }, (_, i) => identify(`revoked ${i}`, i));

measure('clean, looked up (token, subject and client)', (i) => {
  const token = tokens[i] as TokenIdentity;
  token.cleanAt = -1;
  reader.isRevoked(token);
});
measure('the same, of 1024 tokens', (i) => {
  const token = tokens[i & 1023] as TokenIdentity;
  token.cleanAt = -1;
  reader.isRevoked(token);
});
measure('clean, generation unchanged', (i) => reader.isRevoked(tokens[i & 1023] as TokenIdentity));
measure('revoked', (i) => reader.isRevoked(revoked[i] as TokenIdentity));
measure('identify a token', (i) => identify('j', i));
