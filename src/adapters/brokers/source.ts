/**
 * A source of changes: what a gateway follows to hear of decisions. Each kind of broker is one; the event hub of the
 * control plane is the first.
 */
import type { HubEvent, Position } from '../../core/events.ts';
import type { EntityChange, SnapshotHeader } from '../../core/snapshot.ts';

export interface ChangeSource {
  /** For logs and `/status`: kind and address. */
  readonly name: string;
  /**
   * Delivers events from the position on, for ever: a source that fails is tried again until `stop`. `position` is
   * asked for at each new connection. Nothing is promised about gaps and duplicates; the receiver looks at numbers.
   */
  follow(position: () => Position, receiver: EventReceiver): Following;
  /** Everything there is. Rejects, or its entities throw, if the snapshot can't be had whole. */
  snapshot(): Promise<Snapshot>;
  /** Ends everything that is open. */
  close(): void;
}

export interface EventReceiver {
  /** The source has answered. The first event that follows is its head, which may be ahead of the position. */
  connected(): void;
  /**
   * Events in the order in which they came, all at once that came at once. A head that is not the first event of a
   * connection says that everything up to its number was delivered.
   */
  events(events: readonly HubEvent[]): void;
  /** Called once for each failure; the next attempt follows by itself. */
  disconnected(reason: Error): void;
}

export interface Following {
  /** Connects anew, from the position as it is now: something is missing. */
  restart(reason: Error): void;
  stop(): void;
}

export interface Snapshot {
  readonly header: SnapshotHeader;
  /** Some at a time, as they come. */
  readonly entities: AsyncIterable<readonly EntityChange[]>;
}

/** A source can't be used; the message says what was expected and what came. */
export class SourceError extends Error {
  override name = 'SourceError';
}

/** What a source sent has not the form that it must have. Nothing of it is believed. */
export class MalformedError extends SourceError {
  override name = 'MalformedError';
}
