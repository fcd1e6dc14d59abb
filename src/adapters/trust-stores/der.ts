/** Reads ASN.1 values in DER, and what BER allows besides that old tools write: lengths that are not known in advance. */

/** A value that is not what was expected there. */
export class DerError extends Error {
  override name = 'DerError';
}

/** Levels of values in values at most. */
const maxDepth = 64;
/** Values at most, all levels together. */
const maxValues = 100_000;
/** Bytes of an identifier at most; no real one has 30. */
const maxIdentifier = 100;

export class DerValue {
  /** The first byte: class, whether it is made of further values, and number. */
  readonly tag: number;
  /** The bytes of the value itself. */
  readonly content: Buffer;
  /** The values that it is made of, if it is. */
  readonly children: readonly DerValue[];

  constructor(tag: number, content: Buffer, children: readonly DerValue[]) {
    this.tag = tag;
    this.content = content;
    this.children = children;
  }

  /** @throws DerError if it has no such child */
  at(index: number): DerValue {
    const child = this.children[index];
    if (!child) throw new DerError('a part is missing');
    return child;
  }

  /** The bytes of an OCTET STRING, which may be in pieces. */
  get octets(): Buffer {
    return this.children.length > 0 ? Buffer.concat(this.children.map(({ octets }) => octets)) : this.content;
  }

  /** An OBJECT IDENTIFIER: `1.2.840.113549.1.7.1`. */
  get identifier(): string {
    if (this.content.length > maxIdentifier) throw new DerError(`an identifier has more than ${maxIdentifier} bytes`);
    const [first = 0, ...numbers] = sevenBitNumbers(this.content);
    const root = Math.min(2, Math.floor(first / 40));
    return [root, first - root * 40, ...numbers].join('.');
  }

  /** A small INTEGER that isn't negative. */
  get integer(): number {
    if (this.content.length === 0 || this.content.length > 6) throw new DerError('a number is too large');
    return this.content.readUIntBE(0, this.content.length);
  }
}

/** Reads the one value that `bytes` are. @throws DerError */
export function readDer(bytes: Buffer): DerValue {
  return new Reader(bytes).read(0, bytes.length, 0).value;
}

class Reader {
  readonly #bytes: Buffer;
  #values = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The value at `start`, in one that goes up to `limit`. */
  read(start: number, limit: number, depth: number): { value: DerValue; end: number } {
    if (depth > maxDepth) throw new DerError(`it has values in values, more than ${maxDepth} levels of them`);
    if (++this.#values > maxValues) throw new DerError(`it has more than ${maxValues} values`);
    if (start + 2 > limit) throw new DerError('a value is cut off');
    const [tag, first] = [this.#bytes[start] as number, this.#bytes[start + 1] as number];
    // Numbers from 31 on take further bytes; none of what is read here has them.
    if ((tag & 0x1f) === 0x1f) throw new DerError('a value is of an unknown kind');
    const isConstructed = (tag & 0x20) !== 0;
    if (first === 0x80 && isConstructed) return this.#readOpenEnded(tag, start + 2, limit, depth);
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    const from = start + 2 + lengthBytes;
    if (lengthBytes > 4 || from > limit) throw new DerError('a value is cut off');
    const length = lengthBytes === 0 ? first : this.#bytes.readUIntBE(start + 2, lengthBytes);
    const end = from + length;
    if (end > limit || first === 0x80) throw new DerError('a value is cut off');
    const children: DerValue[] = [];
    for (let at = from; isConstructed && at < end; ) {
      const child = this.read(at, end, depth + 1);
      children.push(child.value);
      at = child.end;
    }
    return { value: new DerValue(tag, this.#bytes.subarray(from, end), children), end };
  }

  /** X.690 8.1.3.6: the value ends with two zero bytes. */
  #readOpenEnded(tag: number, from: number, limit: number, depth: number): { value: DerValue; end: number } {
    const children: DerValue[] = [];
    let at = from;
    while (this.#bytes[at] !== 0 || this.#bytes[at + 1] !== 0) {
      const child = this.read(at, limit, depth + 1);
      children.push(child.value);
      at = child.end;
    }
    if (at + 2 > limit) throw new DerError('a value is cut off');
    return { value: new DerValue(tag, this.#bytes.subarray(from, at), children), end: at + 2 };
  }
}

function sevenBitNumbers(content: Buffer): number[] {
  const numbers: number[] = [];
  let number = 0;
  for (const byte of content) {
    number = number * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      numbers.push(number);
      number = 0;
    }
  }
  return numbers;
}
