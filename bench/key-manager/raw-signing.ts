/**
 * What a processor signs by itself: `raw-signing.ts ALG` reads numbers of seconds, a line each, signs for so long what is as long as an
 * access token's content, and says how many signatures it made.
 */
import { spawn } from 'node:child_process';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { LoadResult } from '../gateway/load/wrk.ts';
import { processors } from '../gateway/pinned-process.ts';

export interface RawSigning {
  readonly pid: number;
  sign(seconds: number): Promise<LoadResult>;
  stop(): Promise<void>;
}

export function startRawSigning(algorithm: string): RawSigning {
  const child = spawn(
    'taskset',
    ['-c', String(processors.measured), process.execPath, fileURLToPath(import.meta.url), algorithm],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    pid: child.pid as number,
    async sign(seconds) {
      child.stdin.write(`${seconds}\n`);
      const { value } = await lines.next();
      return { requests: Number(value), bytes: 0, microseconds: seconds * 1e6 };
    },
    async stop() {
      const closed = once(child, 'close');
      child.stdin.end();
      await closed;
    },
  };
}

/** Bytes of a JWT's header and claims. */
const inputLength = 700;

export function keyFor(algorithm: string): KeyObject {
  if (algorithm === 'RS256') return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  if (algorithm === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  return generateKeyPairSync('ed25519').privateKey;
}

if (import.meta.main) {
  const algorithm = process.argv[2] ?? '';
  const key = { key: keyFor(algorithm), dsaEncoding: 'ieee-p1363' } as const;
  const digest = algorithm === 'EdDSA' ? null : 'sha256';
  const input = Buffer.alloc(inputLength, 'x');
  for await (const line of createInterface(process.stdin)) {
    const until = performance.now() + Number(line) * 1000;
    let count = 0;
    for (; performance.now() < until; count++) sign(digest, input, key);
    console.log(count);
  }
}
