/** Password hashes: argon2id (RFC 9106) in the PHC string format, computed off the main thread. */
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const argon2Async = promisify(argon2);

/** Memory in KiB and passes: 19 MiB twice, the least that OWASP recommends. Hashes carry theirs, so these may grow. */
const cost = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const tagLength = 32;

/** Characters; no hash is computed of a longer one. */
export const longestPassword = 128;

export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(16);
  return write(nonce, await argon2Async('argon2id', { message: password, nonce, tagLength, ...cost }));
}

/** A hash of no password, as costly to verify as any. */
export function unmatchedHash(): string {
  return write(randomBytes(16), randomBytes(tagLength));
}

const form = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

/** Whether it is one that can be verified against. */
export const isPasswordHash = (text: string): boolean => form.test(text);

/** Whether the hash was made of this password. */
export async function verifyPassword(hash: string, password: string): Promise<boolean> {
  const match = form.exec(hash);
  if (!match) throw new Error('a password hash in the store is not of the form $argon2id$v=19$m=…,t=…,p=…$salt$hash');
  const expected = Buffer.from(match[5] as string, 'base64');
  const tag = await argon2Async('argon2id', {
    message: password,
    nonce: Buffer.from(match[4] as string, 'base64'),
    tagLength: expected.length,
    memory: Number(match[1]),
    passes: Number(match[2]),
    parallelism: Number(match[3]),
  });
  return timingSafeEqual(tag, expected);
}

function write(nonce: Buffer, tag: Buffer): string {
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${unpadded(nonce)}$${unpadded(tag)}`;
}

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
