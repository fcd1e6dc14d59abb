/** The reader of chunked bodies (RFC 9112 7.1): finds the data in them, skips extensions and trailers. */

const maxLine = 4096;

export class ChunkReader {
  #state: 'size' | 'extension' | 'size-lf' | 'data' | 'data-cr' | 'data-lf' | 'trailer' | 'last-lf' | 'done' = 'size';
  #left = 0;
  #digits = 0;
  #line = 0;
  #sawCr = false;

  get isDone(): boolean {
    return this.#state === 'done';
  }

  /** Returns where reading stopped: the end of the bytes or of the body; -1 = malformed. */
  read(bytes: Buffer, from: number, onData: (from: number, to: number) => void): number {
    let at = from;
    while (at < bytes.length && this.#state !== 'done') {
      if (this.#state === 'data') {
        const to = Math.min(bytes.length, at + this.#left);
        onData(at, to);
        this.#left -= to - at;
        at = to;
        if (this.#left === 0) this.#state = 'data-cr';
      } else if (!this.#step(bytes[at++] as number)) return -1;
    }
    return at;
  }

  #step(c: number): boolean {
    switch (this.#state) {
      case 'size': {
        const digit = c >= 48 && c <= 57 ? c - 48 : (c | 32) >= 97 && (c | 32) <= 102 ? (c | 32) - 87 : -1;
        if (digit >= 0) {
          this.#left = this.#left * 16 + digit;
          return ++this.#digits <= 12;
        }
        if (this.#digits === 0) return false;
        this.#state = c === 13 ? 'size-lf' : 'extension';
        return c === 13 || c === 59 || c === 32 || c === 9;
      }
      case 'extension':
        if (c === 13) this.#state = 'size-lf';
        return c !== 10 && ++this.#line <= maxLine;
      case 'size-lf':
        this.#state = this.#left > 0 ? 'data' : 'trailer';
        this.#digits = 0;
        this.#line = 0;
        return c === 10;
      case 'data-cr':
        this.#state = 'data-lf';
        return c === 13;
      case 'data-lf':
        this.#state = 'size';
        return c === 10;
      case 'trailer':
        // A line that is empty ends the body; the others are dropped.
        if (c === 10) {
          if (!this.#sawCr) return false;
          if (this.#line === 1) this.#state = 'done';
          this.#line = 0;
          this.#sawCr = false;
          return true;
        }
        if (this.#sawCr) return false;
        this.#sawCr = c === 13;
        return ++this.#line <= maxLine;
      default:
        return false;
    }
  }
}
