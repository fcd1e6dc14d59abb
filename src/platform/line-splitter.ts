/** Cuts a stream of bytes into lines of UTF-8 that end with a line feed. */

/** The stream is not lines of UTF-8, or a line is too long. */
export class LineError extends Error {
  override name = 'LineError';
}

export class LineSplitter {
  readonly #maxLength: number;
  readonly #decoder: TextDecoder;
  /** The beginning of a line whose end has not come. */
  #begun: Buffer[] = [];
  #begunLength = 0;

  /**
   * @param maxLength bytes of a line at most
   * @param lenient what is not UTF-8 becomes U+FFFD instead of an error
   */
  constructor(maxLength: number, lenient = false) {
    this.#maxLength = maxLength;
    this.#decoder = new TextDecoder('utf-8', { fatal: !lenient, ignoreBOM: true });
  }

  /** Bytes of a line that has no end yet. */
  get pending(): number {
    return this.#begunLength;
  }

  /** The lines that end in this chunk. @throws LineError */
  push(chunk: Buffer): string[] {
    const end = chunk.lastIndexOf(0x0a);
    if (end < 0) {
      this.#keep(chunk);
      return [];
    }
    const whole = Buffer.concat([...this.#begun, chunk.subarray(0, end)]);
    this.#begun = [];
    this.#begunLength = 0;
    let text: string;
    try {
      text = this.#decoder.decode(whole);
    } catch {
      throw new LineError('the text is not valid UTF-8');
    }
    if (end + 1 < chunk.length) this.#keep(chunk.subarray(end + 1));
    return text.split('\n');
  }

  #keep(bytes: Buffer): void {
    this.#begun.push(bytes);
    this.#begunLength += bytes.length;
    if (this.#begunLength > this.#maxLength) throw new LineError(`a line is longer than ${this.#maxLength} bytes`);
  }
}
