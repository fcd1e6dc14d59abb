/** One reused buffer in which heads are written, so that head and small body leave in a single write. */
import type { Socket } from 'node:net';
import type { Field } from '../wire.ts';
import { type Head, kinds, knownNames } from './head.ts';

const size = 65_536;
let buffer = Buffer.allocUnsafeSlow(size);
let used = 0;

/** A head may be longer than is usual; what does not fit would be cut off in silence. */
function grow(needed: number): void {
  const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * buffer.length));
  buffer.copy(larger, 0, 0, used);
  buffer = larger;
}

export function begin(): void {
  used = 0;
}

/** Up to so many bytes a loop is faster than a call into the runtime. */
const short = 48;

/** Text in latin1. Several calls are cheaper than one text put together for it. */
export function putText(text: string): void {
  const { length } = text;
  if (used + length > buffer.length) grow(used + length);
  if (length > short) {
    used += buffer.write(text, used, 'latin1');
    return;
  }
  for (let at = 0; at < length; at++) buffer[used + at] = text.charCodeAt(at);
  used += length;
}

export function putBytes(bytes: Buffer, from: number, to: number): void {
  const length = to - from;
  if (used + length > buffer.length) grow(used + length);
  if (length > short) bytes.copy(buffer, used, from, to);
  else for (let at = 0; at < length; at++) buffer[used + at] = bytes[from + at] as number;
  used += length;
}

export function room(): number {
  return size - used;
}

/** Writes what was put. TLS never is done with a buffer on return, and TCP not always. */
export function flush(socket: Socket, isTls: boolean): boolean {
  if (isTls) return socket.write(Buffer.from(buffer.subarray(0, used)));
  const result = socket.write(buffer.subarray(0, used));
  if (socket.writableLength !== 0 || buffer.length > size) buffer = Buffer.allocUnsafeSlow(size);
  return result;
}

/** As `putFields` puts those that are set. */
export function encodeFields(set: readonly Field[]): Buffer {
  return Buffer.from(set.map(([name, value]) => `${name}: ${value}\r\n`).join(''), 'latin1');
}

/**
 * Copies the fields that go on, adjoining ones in one piece, and adds those that are set.
 * @param encoded these as bytes, if there are such
 */
export function putFields(
  head: Head,
  remove: readonly string[],
  set: readonly Field[],
  keepsReserved = false,
  encoded: Buffer | null = null,
): void {
  const named = head.connectionLines > 0 ? connectionNames(head) : null;
  let from = -1;
  let to = 0;
  for (let field = 0; field < head.count; field++) {
    if (goesOn(head, field, remove, set, named, keepsReserved)) {
      if (from < 0) from = head.ranges[field * 4] as number;
      to = head.ranges[field * 4 + 3] as number;
    } else if (from >= 0) {
      putLines(head, from, to);
      from = -1;
    }
  }
  if (from >= 0) putLines(head, from, to);
  if (encoded) putBytes(encoded, 0, encoded.length);
  else for (const field of set) putField(field[0], field[1]);
}

export function putField(name: string, value: string): void {
  putText(name);
  putText(': ');
  putText(value);
  putText('\r\n');
}

/** The same as a list of names, in lower case, and values: for a version that has no lines. */
export function listFields(
  list: string[],
  head: Head,
  remove: readonly string[],
  set: readonly Field[],
  keepsReserved = false,
): void {
  const named = head.connectionLines > 0 ? connectionNames(head) : null;
  for (let field = 0; field < head.count; field++)
    if (goesOn(head, field, remove, set, named, keepsReserved))
      list.push(head.name(field).toLowerCase(), head.value(field));
  for (const field of set) list.push(field[0], field[1]);
}

/** Is this field for who reads the message next, and neither removed nor replaced? */
function goesOn(
  head: Head,
  field: number,
  remove: readonly string[],
  set: readonly Field[],
  named: readonly string[] | null,
  keepsReserved: boolean,
): boolean {
  const kind = head.kind[field] as number;
  return (
    (kind === kinds.ordinary ||
      kind === kinds.date ||
      kind === kinds.underscored ||
      (kind === kinds.reserved && keepsReserved)) &&
    !includes(head, field, remove) &&
    !isSet(head, field, set) &&
    (named === null || !includes(head, field, named)) &&
    (kind !== kinds.underscored || head.status > 0 || !isDisguised(head, head.hyphened(field), remove, set, named))
  );
}

function putLines(head: Head, from: number, to: number): void {
  putBytes(head.bytes, from, to);
  putText('\r\n');
}

function connectionNames(head: Head): string[] | null {
  if (head.persistence !== null) return null;
  return (head.header('connection') as string)
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
}

/** Behind CGI a name with underscores is the one with hyphens. */
function isDisguised(
  head: Head,
  name: string,
  remove: readonly string[],
  set: readonly Field[],
  named: readonly string[] | null,
): boolean {
  return (
    knownNames.has(name) ||
    head.reserved.hasName(name) ||
    remove.includes(name) ||
    named?.includes(name) ||
    set.some((field) => field[0] === name)
  );
}

function includes(head: Head, field: number, names: readonly string[]): boolean {
  for (const name of names) if (head.isNamed(field, name)) return true;
  return false;
}

function isSet(head: Head, field: number, set: readonly Field[]): boolean {
  for (const [name] of set) if (head.isNamed(field, name)) return true;
  return false;
}
