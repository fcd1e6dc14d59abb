/**
 * Where a connection to a back end reads into. Small answers all go through one shared buffer, and what must outlive the
 * call is copied out of it. A large body has a large buffer to itself, so that its pieces can be written to the client as
 * they are.
 */
import type { Reader } from './upstream.ts';

const shared = Buffer.allocUnsafeSlow(65_536);
const privateSize = 262_144;
/** Large buffers that nobody uses at the moment. */
const spare: Buffer[] = [];
const maxSpare = 8;

export class ReadBuffers {
  #private: Buffer | null = null;
  /** Read into from the next read on. */
  #next: Buffer | undefined = shared;
  /** The bytes that are being looked at are in the private one. */
  #isPrivate = false;

  get arePrivate(): boolean {
    return this.#isPrivate;
  }

  readerFor(read: (bytes: Buffer) => void): Reader {
    return {
      read,
      nextBuffer: () => {
        const next = this.#next;
        this.#next = undefined;
        if (next) this.#isPrivate = next === this.#private;
        return next;
      },
    };
  }

  /** From the next read on. */
  usePrivate(): void {
    if (this.#private) return;
    this.#private = spare.pop() ?? Buffer.allocUnsafeSlow(privateSize);
    this.#next = this.#private;
  }

  /** @param isFree nobody needs what is in the private one any more */
  useShared(isFree: boolean): void {
    if (!this.#private) return;
    // One that is still being written belongs to whoever writes it.
    if (isFree && spare.length < maxSpare) spare.push(this.#private);
    this.#private = null;
    this.#next = shared;
  }
}
