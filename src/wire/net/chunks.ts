/** The reader of chunked bodies (RFC 9112 7.1): finds the data in them; extensions and trailers are checked, then dropped. */
import { lower, text, token } from '../characters.ts';
import { knownNames } from './head.ts';

/** Hexadecimal digits of a chunk's size. */
const maxDigits = 12;
/** Bytes that the extensions of all chunks of a body may have together, and the trailers. */
export const maxAside = 4096;

/** Bytes of data that are cheaper moved than sent by themselves. */
const small = 8192;

const CR = 13;
const LF = 10;
const QUOTE = 34;
const COLON = 58;
const SEMICOLON = 59;
const EQUALS = 61;
const BACKSLASH = 92;

type State =
  | 'size'
  | 'name-start'
  | 'name'
  | 'value-start'
  | 'value'
  | 'quoted'
  | 'escaped'
  | 'quoted-end'
  | 'size-lf'
  | 'data'
  | 'data-cr'
  | 'data-lf'
  | 'trailer-start'
  | 'trailer-name'
  | 'trailer-value'
  | 'trailer-lf'
  | 'last-lf'
  | 'done';

export class ChunkReader {
  #state: State = 'size';
  #left = 0;
  #digits = 0;
  /** Bytes of extensions and trailers so far. */
  #asides = 0;
  /** Of a trailer, as far as it has come. */
  #name = '';

  get isDone(): boolean {
    return this.#state === 'done';
  }

  /**
   * Returns where reading stopped: the end of the bytes or of the body; -1 = malformed. The data of small chunks is moved
   * together in `bytes`, over what has been read of them: each piece that goes on costs a write, and chunks of one byte
   * would make thousands out of one read.
   */
  read(bytes: Buffer, from: number, onData: (from: number, to: number) => void): number {
    let at = from;
    // Data that has not gone on yet.
    let start = from;
    let end = from;
    while (at < bytes.length && this.#state !== 'done') {
      if (this.#state === 'data') {
        const to = Math.min(bytes.length, at + this.#left);
        if (start < end && to - at < small) {
          bytes.copyWithin(end, at, to);
          end += to - at;
        } else {
          if (start < end) onData(start, end);
          start = at;
          end = to;
        }
        this.#left -= to - at;
        at = to;
        if (this.#left === 0) this.#state = 'data-cr';
      } else {
        const next = this.#step(bytes[at++] as number);
        if (next === null) {
          at = -1;
          break;
        }
        this.#state = next;
      }
    }
    if (start < end) onData(start, end);
    return at;
  }

  /** What comes after this byte; null = nothing that is right. */
  #step(c: number): State | null {
    switch (this.#state) {
      case 'size':
        return this.#size(c);
      case 'size-lf':
        this.#digits = 0;
        if (c !== LF) return null;
        return this.#left > 0 ? 'data' : 'trailer-start';
      case 'data-cr':
        return c === CR ? 'data-lf' : null;
      case 'data-lf':
        return c === LF ? 'size' : null;
      case 'last-lf':
        return c === LF ? 'done' : null;
      case 'trailer-start':
        return c === CR ? 'last-lf' : this.#aside(c);
      default:
        return this.#aside(c);
    }
  }

  #size(c: number): State | null {
    const digit = c >= 48 && c <= 57 ? c - 48 : (c | 32) >= 97 && (c | 32) <= 102 ? (c | 32) - 87 : -1;
    if (digit >= 0) {
      this.#left = this.#left * 16 + digit;
      return ++this.#digits <= maxDigits ? 'size' : null;
    }
    return this.#digits > 0 ? afterExtension(c) : null;
  }

  /** A byte of an extension, or of a trailer. */
  #aside(c: number): State | null {
    if (++this.#asides > maxAside) return null;
    switch (this.#state) {
      // RFC 9112 7.1.1, without the blanks that a recipient may put up with: nobody who means well sends them.
      case 'name-start':
        return token[c] ? 'name' : null;
      case 'name':
        return token[c] ? 'name' : c === EQUALS ? 'value-start' : afterExtension(c);
      case 'value-start':
        return c === QUOTE ? 'quoted' : token[c] ? 'value' : null;
      case 'value':
        return token[c] ? 'value' : afterExtension(c);
      case 'quoted':
        return c === QUOTE ? 'quoted-end' : c === BACKSLASH ? 'escaped' : text[c] ? 'quoted' : null;
      case 'escaped':
        return text[c] ? 'quoted' : null;
      case 'quoted-end':
        return afterExtension(c);
      case 'trailer-start':
      case 'trailer-name':
        if (c === COLON) return this.#endName();
        this.#name += String.fromCharCode(lower[c] as number);
        return token[c] ? 'trailer-name' : null;
      case 'trailer-value':
        return c === CR ? 'trailer-lf' : text[c] ? 'trailer-value' : null;
      case 'trailer-lf':
        return c === LF ? 'trailer-start' : null;
      default:
        return null;
    }
  }

  /** RFC 9110 6.5.1: what says how long a message is, where it goes or what the connection does is no trailer. */
  #endName(): State | null {
    const name = this.#name;
    this.#name = '';
    return name === '' || knownNames.has(name) ? null : 'trailer-value';
  }
}

function afterExtension(c: number): State | null {
  return c === CR ? 'size-lf' : c === SEMICOLON ? 'name-start' : null;
}
