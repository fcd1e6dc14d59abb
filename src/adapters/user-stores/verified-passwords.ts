/**
 * Remembers which passwords were verified, so that a client that sends Basic credentials with every request costs one
 * argon2 computation and not thousands. What is kept is an HMAC under a key of this process over the stored hash and the
 * password: a changed password has another hash, so no entry outlives it, on any node.
 */
import { createHmac, randomBytes } from 'node:crypto';

export class VerifiedPasswords {
  readonly #key = randomBytes(32);
  readonly #known = new Set<string>();
  readonly #capacity: number;

  constructor(capacity = 1000) {
    this.#capacity = capacity;
  }

  has(hash: string, password: string): boolean {
    return this.#known.has(this.#fingerprint(hash, password));
  }

  add(hash: string, password: string): void {
    // The oldest goes first: a Set keeps the order of insertion.
    if (this.#known.size >= this.#capacity) this.#known.delete(this.#known.values().next().value as string);
    this.#known.add(this.#fingerprint(hash, password));
  }

  #fingerprint(hash: string, password: string): string {
    return createHmac('sha256', this.#key).update(`${hash} ${password}`).digest('base64url');
  }
}
