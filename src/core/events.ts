/** Messages that cross a process. */
import type { EntityChange } from './snapshot.ts';

/**
 * A committed change. Numbers are dense and in commit order: a gateway that holds n and receives n + 2 has lost one.
 */
export type ChangeEvent = {
  readonly type: 'change';
  readonly number: number;
  /** When it was decided, milliseconds since the epoch: two histories may have the same number, not at the same time. */
  readonly at?: number | undefined;
} & EntityChange;

/** Sent every second: the newest number there is. Its absence tells a dead source from a quiet one. */
export interface HeadEvent {
  readonly type: 'head';
  readonly epoch: string;
  readonly number: number;
}

/** The reader's position is below the log's floor or of another epoch: fetch a snapshot. The last line of its stream. */
export interface ReloadEvent {
  readonly type: 'reload';
  readonly epoch: string;
  readonly number: number;
}

export type HubEvent = ChangeEvent | HeadEvent | ReloadEvent;

/** A position in a store's history: `epoch:number` or `epoch:number:at` in URLs. */
export interface Position {
  readonly epoch: string;
  readonly number: number;
  /** Of the change with this number; absent = not known. */
  readonly at?: number | undefined;
}

/** `epoch:number`, with `:at` if it is known, as in `GET /internal/data/v1/events?after=…`. */
export function formatPosition(p: Position): string {
  return p.at === undefined ? `${p.epoch}:${p.number}` : `${p.epoch}:${p.number}:${p.at}`;
}

/** Reads what `formatPosition` writes; null if it is no position. */
export function parsePosition(text: string): Position | null {
  const match = /^([A-Za-z0-9_-]{1,64}):(\d{1,15})(?::(\d{1,15}))?$/.exec(text);
  if (!match) return null;
  const [, epoch = '', number, at] = match;
  return { epoch, number: Number(number), ...(at !== undefined && { at: Number(at) }) };
}
