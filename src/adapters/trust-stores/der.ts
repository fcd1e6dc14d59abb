/** Reads ASN.1 values in DER, and what BER allows besides that old tools write: lengths that are not known in advance. */

/** A value that is not what was expected there. */
export class DerError extends Error {
  override name = 'DerError';
}

/** Levels of values in values at most. */
const maxDepth = 64;

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
  return readValue(bytes, 0, 0).value;
}

function readValue(bytes: Buffer, start: number, depth: number): { value: DerValue; end: number } {
  const tag = bytes[start];
  const first = bytes[start + 1];
  if (tag === undefined || first === undefined || depth > maxDepth) throw new DerError('a value is cut off');
  // Numbers from 31 on take further bytes; none of what is read here has them.
  if ((tag & 0x1f) === 0x1f) throw new DerError('a value is of an unknown kind');
  const isConstructed = (tag & 0x20) !== 0;
  if (first === 0x80 && isConstructed) return readOpenEnded(bytes, start, depth);
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  const from = start + 2 + lengthBytes;
  if (lengthBytes > 4 || from > bytes.length) throw new DerError('a value is cut off');
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(start + 2, lengthBytes);
  const end = from + length;
  if (end > bytes.length || first === 0x80) throw new DerError('a value is cut off');
  const content = bytes.subarray(from, end);
  const children: DerValue[] = [];
  for (let at = 0; isConstructed && at < content.length; ) {
    const child = readValue(content, at, depth + 1);
    children.push(child.value);
    at = child.end;
  }
  return { value: new DerValue(tag, content, children), end };
}

/** X.690 8.1.3.6: the value ends with two zero bytes. */
function readOpenEnded(bytes: Buffer, start: number, depth: number): { value: DerValue; end: number } {
  const children: DerValue[] = [];
  let at = start + 2;
  while (bytes[at] !== 0 || bytes[at + 1] !== 0) {
    const child = readValue(bytes, at, depth + 1);
    children.push(child.value);
    at = child.end;
  }
  return { value: new DerValue(bytes[start] as number, bytes.subarray(start + 2, at), children), end: at + 2 };
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
