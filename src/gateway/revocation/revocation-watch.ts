/**
 * Tells streams that live for long (WebSocket, server-sent events) when what they were opened with is revoked: requests
 * are checked when they come, and nothing comes on a stream. One watch for each data-plane thread.
 */
import type { RevokedSetReader } from './revoked-set.ts';
import type { TokenIdentity } from './token-identity.ts';

/** Milliseconds between looks: a stream ends within a second of the revocation, whatever else the thread has to do. */
const interval = 250;

/** One stream. */
interface Watched {
  readonly identity: TokenIdentity;
  readonly onRevoked: () => void;
  /** Its place in the list, which changes when others leave; -1 = it has left. */
  at: number;
}

export class RevocationWatch {
  readonly #revoked: Pick<RevokedSetReader, 'isRevoked' | 'overflowed'>;
  readonly #streams: Watched[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(revoked: Pick<RevokedSetReader, 'isRevoked' | 'overflowed'>) {
    this.#revoked = revoked;
  }

  /** Streams that are watched now. */
  get size(): number {
    return this.#streams.length;
  }

  /**
   * Calls `onRevoked` once, within a second of when the token, its subject or its client is revoked, or when what is
   * revoked can't be told any more; never during this call. Look-ups cost as they do for a request: a stream whose token
   * was found clean costs one atomic load, until the next revocation of anything.
   * @param onRevoked must not throw
   * @returns ends the watch: the stream has closed. Calling it again does nothing.
   */
  watch(identity: TokenIdentity, onRevoked: () => void): () => void {
    const stream: Watched = { identity, onRevoked, at: this.#streams.length };
    this.#streams.push(stream);
    this.#timer ??= setInterval(() => this.look(), interval).unref();
    return () => this.#leave(stream);
  }

  /** One look at all streams. The timer calls it; nothing is allocated for those that are good. */
  look(): void {
    const all = this.#revoked.overflowed;
    // From the end: a stream that leaves hands its place to the last one, which was looked at.
    for (let at = this.#streams.length - 1; at >= 0; at--) {
      const stream = this.#streams[at];
      // Others may have left meanwhile, told by the stream before.
      if (!stream || !(all || this.#revoked.isRevoked(stream.identity))) continue;
      this.#leave(stream);
      stream.onRevoked();
    }
  }

  #leave(stream: Watched): void {
    const { at } = stream;
    if (at < 0) return;
    stream.at = -1;
    const last = this.#streams.pop() as Watched;
    if (last !== stream) {
      this.#streams[at] = last;
      last.at = at;
    }
    if (this.#streams.length > 0 || !this.#timer) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }
}
