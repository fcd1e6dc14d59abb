/**
 * Signatures that take long to verify (ES256 100 µs and more, where RS256 takes 20) are verified beside the event loop:
 * whoever sends tokens that were never seen before keeps nobody else waiting.
 */
import { type VerifyKeyObjectInput, verify } from 'node:crypto';

/** At the same time. Files are read and names are resolved by the same threads, and queue behind these. */
const mostAtOnce = 2;

/** A fraction of a second's work: who comes behind so many has a better chance a moment later. */
const mostWaiting = 1000;

let running = 0;
const waiting: (() => void)[] = [];

/** There are too many before this one. Nothing is said of the signature. */
export class TooManySignatures extends Error {
  override name = 'TooManySignatures';
}

/**
 * As `crypto.verify`, when its turn comes. What can't be verified at all is not good.
 * @throws TooManySignatures (rejects)
 */
export function verifySlowly(
  digest: string | null,
  input: Buffer,
  key: VerifyKeyObjectInput,
  signature: Buffer,
): Promise<boolean> {
  if (waiting.length >= mostWaiting) return Promise.reject(new TooManySignatures());
  return new Promise((resolve) => {
    const begin = (): void => {
      running++;
      verify(digest, input, key, signature, (error, good) => {
        running--;
        waiting.shift()?.();
        resolve(error === null && good);
      });
    };
    if (running < mostAtOnce) begin();
    else waiting.push(begin);
  });
}
