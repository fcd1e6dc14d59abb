/** Reads what a source sends, and believes none of it before it has the right form. */
import type { HubEvent } from '../../core/events.ts';
import { type Revocation, revocationId } from '../../core/revocation.ts';
import type { EntityChange, SnapshotHeader } from '../../core/snapshot.ts';
import { MalformedError } from './source.ts';

/** @throws MalformedError if the line is no event */
export function readEvent(line: string): HubEvent {
  const value = readObject(line, 'an event');
  const { type, number, epoch } = value;
  if (!isNumber(number)) throw unexpected('an event with a number', line);
  if (type === 'change' && isEntity(value) && isTime(value.at)) return value as unknown as HubEvent;
  if ((type === 'head' || type === 'reload') && typeof epoch === 'string') return value as unknown as HubEvent;
  throw unexpected('an event (change, head or reload)', line);
}

/** @throws MalformedError if the line is no header of a snapshot that this version can read */
export function readHeader(line: string): SnapshotHeader {
  const value = readObject(line, 'the header of a snapshot');
  if (value.format !== 1) throw unexpected('a snapshot of format 1', line);
  const { epoch, number, at } = value;
  if (typeof epoch !== 'string' || !isNumber(number) || !isTime(at)) throw unexpected('the header of a snapshot', line);
  return { format: 1, epoch, number, at };
}

/** Entities, or the count that the last line of a snapshot has. @throws MalformedError if the line is neither */
export function readSnapshotLine(line: string): readonly EntityChange[] | number {
  const value = readObject(line, 'an entity');
  if (value.kind === 'revocation' && Array.isArray(value.values)) {
    return value.values.map((one) => readRevocation(one, line));
  }
  if (value.type === 'end' && isNumber(value.count)) return value.count;
  if (value.type === undefined && isEntity(value) && value.value !== null) return [value as unknown as EntityChange];
  throw unexpected('an entity or the end of a snapshot', line);
}

/** One of the many in a line. */
function readRevocation(value: unknown, line: string): EntityChange {
  if (typeof value !== 'object' || value === null) throw unexpected('the values of revocations', line);
  return { kind: 'revocation', id: revocationId(value as Revocation), value: value as Revocation };
}

function readObject(line: string, expected: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw unexpected(expected, line);
  }
  if (typeof value !== 'object' || value === null) throw unexpected(expected, line);
  return value as Record<string, unknown>;
}

/** Kinds that this version doesn't know are for the receiver to pass over: their numbers count. */
function isEntity({ kind, id, value }: Record<string, unknown>): boolean {
  return typeof kind === 'string' && typeof id === 'string' && typeof value === 'object';
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isTime(value: unknown): value is number | undefined {
  return value === undefined || isNumber(value);
}

/** The beginning of the line says enough to find out who wrote it. */
function unexpected(expected: string, line: string): MalformedError {
  return new MalformedError(`expected ${expected}, got ${JSON.stringify(line.slice(0, 40))}`);
}
