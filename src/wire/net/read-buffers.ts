/**
 * Where a connection to a back end reads into. Small answers all go through one shared buffer, and what must outlive the
 * call is copied out of it. A large body has a large buffer to itself, so that its pieces can be written to the client as
 * they are.
 */
import type { Reader } from './upstream.ts';

/** Bytes of the shared buffer. A larger one would have more copied out of it before a large body has its own. */
export const sharedSize = 16_384;
const shared = Buffer.allocUnsafeSlow(sharedSize);

/** A large buffer of which pieces are written: nobody else reads into it until all of them have gone. */
export class LargeBuffer {
  readonly bytes = Buffer.allocUnsafeSlow(262_144);
  #writes = 0;
  /** Told when all pieces have gone; null = nobody reads into it any more. */
  #onSent: (() => void) | null = null;

  static take(onSent: () => void): LargeBuffer {
    const buffer = spare.pop() ?? new LargeBuffer();
    buffer.#onSent = onSent;
    return buffer;
  }

  /** A piece of it is going to be written; to be called back when it has gone, or will never go. */
  writing(): () => void {
    this.#writes++;
    return this.#written;
  }

  readonly #written = (): void => {
    if (--this.#writes > 0) return;
    if (this.#onSent) this.#onSent();
    else this.#giveBack();
  };

  /** Nothing is read into it any more. */
  leave(): void {
    this.#onSent = null;
    if (this.#writes === 0) this.#giveBack();
  }

  #giveBack(): void {
    if (spare.length < maxSpare) spare.push(this);
  }
}

/** Those that nobody uses at the moment: 8 MiB at most. */
const spare: LargeBuffer[] = [];
const maxSpare = 32;

export class ReadBuffers {
  #large: LargeBuffer | null = null;
  /** Read into from the next read on. */
  #next: Buffer | undefined = shared;
  /** The one that the bytes that are being looked at are in; null = the shared one. */
  #current: LargeBuffer | null = null;
  readonly #onSent: () => void;

  /** @param onSent told when the pieces of the large buffer that were written have gone */
  constructor(onSent: () => void) {
    this.#onSent = onSent;
  }

  get current(): LargeBuffer | null {
    return this.#current;
  }

  readerFor(read: (bytes: Buffer) => void, unwritable: () => void): Reader {
    return {
      read,
      unwritable,
      nextBuffer: () => {
        const next = this.#next;
        this.#next = undefined;
        if (next) this.#current = this.#large;
        return next;
      },
    };
  }

  /** From the next read on. */
  useLarge(): void {
    if (this.#large) return;
    this.#large = LargeBuffer.take(this.#onSent);
    this.#next = this.#large.bytes;
  }

  /** From the next read on. */
  useShared(): void {
    if (!this.#large) return;
    this.#large.leave();
    this.#large = null;
    this.#next = shared;
  }
}
