/**
 * The strict parser of message heads (RFC 9112): one pass over the bytes, which leaves ranges and makes no strings.
 * What isn't exactly grammatical is refused; there is no leniency to agree about with the next one on the way.
 */

import { lower, text, token, underscore, visible } from '../characters.ts';
import { ReservedFields } from '../reserved.ts';
import { longValue, recentValue, rememberValue } from './recent-values.ts';

const CR = 13;
const LF = 10;
const SP = 32;
const TAB = 9;
const COLON = 58;
/** Fields that a head may have. */
export const maxFields = 128;

/** What a field is for the wire. */
export const kinds = {
  ordinary: 0,
  hopByHop: 1,
  host: 2,
  contentLength: 3,
  expect: 4,
  connection: 5,
  coding: 6,
  date: 7,
  /** An ordinary one with underscores in its name. */
  underscored: 8,
  upgrade: 9,
  /** One that clients have no say in. */
  reserved: 10,
};

/** Names that mean something to the wire, and their kinds. */
const known: readonly (readonly [name: string, kind: number])[] = [
  ['te', kinds.hopByHop],
  ['host', kinds.host],
  ['date', kinds.date],
  ['expect', kinds.expect],
  ['trailer', kinds.hopByHop],
  ['upgrade', kinds.upgrade],
  ['connection', kinds.connection],
  ['keep-alive', kinds.hopByHop],
  ['content-length', kinds.contentLength],
  // Half of an upgrade to HTTP/2 that is never passed on (RFC 7540 3.2.1), whether `Connection` names it or not.
  ['http2-settings', kinds.hopByHop],
  ['proxy-connection', kinds.hopByHop],
  ['transfer-encoding', kinds.coding],
];
const version = Buffer.from('HTTP/1.');
const keepAlive = Buffer.from('keep-alive');
const close = Buffer.from('close');
/** Methods that are not made into a string each time. */
const usual = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'];
/** The names by their length and last letter, which tells them apart: look-up by `place`. */
const names: Buffer[] = new Array(18 * 32).fill(Buffer.alloc(0));
const kindsOf = new Uint8Array(names.length);
const place = (length: number, last: number): number => (length < 18 ? length * 32 + (last & 31) : 0);
for (const [name, kind] of known) {
  const at = place(name.length, name.charCodeAt(name.length - 1));
  names[at] = Buffer.from(name);
  kindsOf[at] = kind;
}

/** Names that no trailer has, and no field with underscores in place of hyphens. */
export const knownNames: ReadonlySet<string> = new Set(known.map(([name]) => name).filter((name) => name !== 'date'));

/** Bytes of a head that are read again from their start whenever some more have come. */
const cheap = 1024;

/**
 * Whether a head that was not complete may be so with these bytes: one that drips in is not read from its start for
 * each of its bytes.
 */
export function mayEnd(soFar: Buffer, fresh: Buffer): boolean {
  return soFar.length < cheap || fresh.includes(LF);
}

export type Parsed = 'complete' | 'incomplete' | 'malformed' | 'too-many-fields';

const nothing = Buffer.alloc(0);
const noneReserved = new ReservedFields([]);

export class Head {
  /** Names that a request's fields are not to have. */
  reserved: ReservedFields = noneReserved;
  bytes: Buffer = nothing;
  /** Where the body begins. */
  end = 0;
  methodEnd = 0;
  targetStart = 0;
  targetEnd = 0;
  minor = 1;
  status = 0;
  count = 0;
  /** Per field: start and end of name and value. */
  readonly ranges: Int32Array;
  readonly kind: Uint8Array;
  /** -1 = none, -2 = not a number, or more than one. */
  contentLength = -1;
  /** Number of transfer-encoding and Host lines. */
  codings = 0;
  hosts = 0;
  #hostStart = 0;
  #hostEnd = 0;
  hasExpect = false;
  connectionLines = 0;
  upgradeLines = 0;
  /** What the one line of `Connection` says, if it is the one word that nearly all say. */
  persistence: 'keep-alive' | 'close' | null = null;
  /** A field whose value came lately, and its text; -1 = none. */
  #recentField = -1;
  #recentText = '';

  /** @param fields that there is room for */
  constructor(fields = maxFields) {
    this.ranges = new Int32Array(fields * 4);
    this.kind = new Uint8Array(fields);
  }

  parseRequest(bytes: Buffer): Parsed {
    this.#reset(bytes);
    const { length } = bytes;
    let at = 0;
    // A look beyond the end would make all further looks slower: V8 compiles what it has seen.
    while (at < length && token[bytes[at] as number] !== 0) at++;
    if (at === length) return 'incomplete';
    if (at === 0 || bytes[at] !== SP) return 'malformed';
    this.methodEnd = at++;
    this.targetStart = at;
    while (at < length && visible[bytes[at] as number] !== 0) at++;
    this.targetEnd = at;
    if (at === length) return 'incomplete';
    if (at === this.targetStart || bytes[at++] !== SP) return 'malformed';
    if (!this.#version(at, length - at)) return 'malformed';
    if (length < at + 10) return 'incomplete';
    return bytes[at + 8] === CR && bytes[at + 9] === LF ? this.#fields(at + 10) : 'malformed';
  }

  parseAnswer(bytes: Buffer): Parsed {
    this.#reset(bytes);
    if (!this.#version(0, bytes.length)) return 'malformed';
    if (bytes.length < 13) return 'incomplete';
    if (bytes[8] !== SP) return 'malformed';
    let status = 0;
    for (let i = 9; i < 12; i++) {
      const digit = (bytes[i] as number) - 48;
      if (digit < 0 || digit > 9) return 'malformed';
      status = status * 10 + digit;
    }
    this.status = status;
    let at = 12;
    // RFC 9110 15: there are no other classes. RFC 9112 4 wants the blank before an empty reason; many leave it out.
    if (status < 100 || status > 599 || (bytes[at] !== SP && bytes[at] !== CR)) return 'malformed';
    const { length } = bytes;
    while (at < length && text[bytes[at] as number] !== 0) at++;
    if (at === length) return 'incomplete';
    if (bytes[at] !== CR) return 'malformed';
    if (at + 1 === length) return 'incomplete';
    return bytes[at + 1] === LF ? this.#fields(at + 2) : 'malformed';
  }

  /** Lets go of the bytes that it was read from. */
  forget(): void {
    this.#reset(nothing);
  }

  #reset(bytes: Buffer): void {
    this.bytes = bytes;
    this.count = 0;
    this.contentLength = -1;
    this.codings = 0;
    this.hosts = 0;
    this.hasExpect = false;
    this.connectionLines = 0;
    this.persistence = null;
    this.#recentField = -1;
    this.upgradeLines = 0;
  }

  /** `HTTP/1.0` or `HTTP/1.1`; of a head that is not complete, as much as is there. */
  #version(at: number, available: number): boolean {
    const { bytes } = this;
    const there = Math.min(version.length, available);
    for (let i = 0; i < there; i++) if (bytes[at + i] !== version[i]) return false;
    if (available < 8) return true;
    this.minor = (bytes[at + 7] as number) - 48;
    return this.minor === 0 || this.minor === 1;
  }

  #fields(from: number): Parsed {
    const { bytes, ranges } = this;
    const { length } = bytes;
    let at = from;
    for (;;) {
      if (at === length) return 'incomplete';
      if (bytes[at] === CR) {
        if (at + 1 === length) return 'incomplete';
        this.end = at + 2;
        return bytes[at + 1] === LF ? 'complete' : 'malformed';
      }
      if (this.count === this.kind.length) return 'too-many-fields';
      const nameStart = at;
      let classes = 0;
      let its = 0;
      while (at < length && (its = token[bytes[at] as number] as number) !== 0) {
        classes |= its;
        at++;
      }
      if (at === length) return 'incomplete';
      if (at === nameStart || bytes[at] !== COLON) return 'malformed';
      const nameEnd = at++;
      while (at < length && (bytes[at] === SP || bytes[at] === TAB)) at++;
      const valueStart = at;
      const soon = Math.min(length, at + longValue);
      while (at < soon && text[bytes[at] as number] !== 0) at++;
      if (at === valueStart + longValue) at = this.#longValue(valueStart, at);
      if (at === length) return 'incomplete';
      if (bytes[at] !== CR) return 'malformed';
      if (at + 1 === length) return 'incomplete';
      if (bytes[at + 1] !== LF) return 'malformed';
      let valueEnd = at;
      while (valueEnd > valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === TAB)) valueEnd--;
      at += 2;
      const field = this.count++;
      const base = field * 4;
      ranges[base] = nameStart;
      ranges[base + 1] = nameEnd;
      ranges[base + 2] = valueStart;
      ranges[base + 3] = valueEnd;
      this.kind[field] =
        (classes & underscore) !== 0 ? kinds.underscored : this.#classify(nameStart, nameEnd, valueStart, valueEnd);
    }
  }

  /** Where a long value ends. Of answers few come again. */
  #longValue(from: number, at: number): number {
    const { bytes } = this;
    const end = this.status === 0 ? bytes.indexOf(CR, at) : -1;
    const found = end > 0 ? recentValue(bytes, from, end) : null;
    if (found !== null) {
      this.#recentField = this.count;
      this.#recentText = found;
      return end;
    }
    const { length } = bytes;
    let to = at;
    while (to < length && text[bytes[to] as number] !== 0) to++;
    const last = bytes[to - 1] as number;
    if (to === end && last !== SP && last !== TAB) rememberValue(bytes, from, to);
    return to;
  }

  #classify(nameStart: number, nameEnd: number, valueStart: number, valueEnd: number): number {
    const at = place(nameEnd - nameStart, this.bytes[nameEnd - 1] as number);
    if (!this.#isWord(nameStart, nameEnd, names[at] as Buffer))
      return this.reserved.has(this.bytes, nameStart, nameEnd) ? kinds.reserved : kinds.ordinary;
    const kind = kindsOf[at] as number;
    if (kind === kinds.contentLength) this.#length(valueStart, valueEnd);
    else if (kind === kinds.coding) this.codings++;
    else if (kind === kinds.host) this.#host(valueStart, valueEnd);
    else if (kind === kinds.expect) this.hasExpect = true;
    else if (kind === kinds.connection) this.#connection(valueStart, valueEnd);
    else if (kind === kinds.upgrade) this.upgradeLines++;
    return kind;
  }

  #host(from: number, to: number): void {
    this.hosts++;
    this.#hostStart = from;
    this.#hostEnd = to;
  }

  #connection(from: number, to: number): void {
    const isOnly = ++this.connectionLines === 1;
    if (isOnly && this.#isWord(from, to, keepAlive)) this.persistence = 'keep-alive';
    else if (isOnly && this.#isWord(from, to, close)) this.persistence = 'close';
    else this.persistence = null;
  }

  #length(from: number, to: number): void {
    let value = from === to || to - from > 15 ? -2 : 0;
    for (let i = from; i < to && value >= 0; i++) {
      const digit = (this.bytes[i] as number) - 48;
      value = digit < 0 || digit > 9 ? -2 : value * 10 + digit;
    }
    this.contentLength = this.contentLength === -1 ? value : -2;
  }

  /** @param word in lower case; bytes compare faster than text */
  #isWord(from: number, to: number, word: Buffer): boolean {
    if (to - from !== word.length) return false;
    for (let i = 0; i < word.length; i++) if (lower[this.bytes[from + i] as number] !== word[i]) return false;
    return true;
  }

  #isNamed(from: number, to: number, name: string): boolean {
    if (to - from !== name.length) return false;
    for (let i = 0; i < name.length; i++)
      if (lower[this.bytes[from + i] as number] !== name.charCodeAt(i)) return false;
    return true;
  }

  get hasDate(): boolean {
    for (let field = 0; field < this.count; field++) if (this.kind[field] === kinds.date) return true;
    return false;
  }

  /** A name, its underscores read as hyphens. */
  hyphened(field: number): string {
    return this.name(field).toLowerCase().replaceAll('_', '-');
  }

  isNamed(field: number, name: string): boolean {
    return this.#isNamed(this.ranges[field * 4] as number, this.ranges[field * 4 + 1] as number, name);
  }

  slice(from: number, to: number): string {
    return this.bytes.toString('latin1', from, to);
  }

  /** The request's. */
  get method(): string {
    for (const method of usual) if (this.#isExactly(0, this.methodEnd, method)) return method;
    return this.slice(0, this.methodEnd);
  }

  /** The value of the one Host; `known` itself if it is that. */
  host(known: string): string {
    const [from, to] = [this.#hostStart, this.#hostEnd];
    return this.#isExactly(from, to, known) ? known : this.slice(from, to);
  }

  #isExactly(from: number, to: number, text: string): boolean {
    if (to - from !== text.length) return false;
    for (let at = 0; at < text.length; at++) if (this.bytes[from + at] !== text.charCodeAt(at)) return false;
    return true;
  }

  /** In the letters that it came in. */
  name(field: number): string {
    return this.slice(this.ranges[field * 4] as number, this.ranges[field * 4 + 1] as number);
  }

  value(field: number): string {
    if (field === this.#recentField) return this.#recentText;
    return this.slice(this.ranges[field * 4 + 2] as number, this.ranges[field * 4 + 3] as number);
  }

  header(name: string): string | undefined {
    let found: string | undefined;
    for (let field = 0; field < this.count; field++) {
      if (!this.isNamed(field, name)) continue;
      found =
        found === undefined ? this.value(field) : `${found}${name === 'cookie' ? '; ' : ', '}${this.value(field)}`;
    }
    return found;
  }
}
