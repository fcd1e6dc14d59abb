/**
 * One gateway at the event stream: first what it missed, read from the log in pages, then what commits.
 *
 * The two are joined by number. While a reader catches up, commits only raise the number it has to get to; it goes
 * live in the same tick in which it finds that it holds that number. So nothing waits in memory for a slow reader,
 * and there is no gap and no duplicate, whatever commits meanwhile.
 */
import type { ChangeLog } from '../adapters/stores/store.ts';
import type { ChangeEvent } from '../core/events.ts';
import type { Log } from '../platform/log.ts';
import type { LineStream } from './line-stream.ts';

/** Changes read from the log at once. */
const pageSize = 200;
/** Milliseconds for which a heartbeat that was held back is worth sending. */
const freshFor = 500;
/** Bytes that may wait for a live reader. One that is further behind is cut; it resumes where it was. */
const maxBuffered = 4 * 1024 * 1024;

/** Changes of one commit, serialized once for all readers. */
export interface Batch {
  readonly first: number;
  readonly last: number;
  readonly lines: readonly string[];
  readonly text: string;
}

export const eventLine = (event: ChangeEvent): string => `${JSON.stringify(event)}\n`;

export class EventReader {
  readonly #stream: LineStream;
  readonly #changes: ChangeLog;
  readonly #log: Log;
  /** The last number that was written. */
  #sent: number;
  /** The newest number known to exist. */
  #newest: number;
  #live = false;
  /** A heartbeat that came while the reader caught up, and when. */
  #due: { readonly number: number; readonly line: string; readonly at: number } | null = null;

  constructor(stream: LineStream, after: number, changes: ChangeLog, log: Log) {
    this.#stream = stream;
    this.#sent = after;
    this.#newest = after;
    this.#changes = changes;
    this.#log = log;
  }

  /** The last number that was written. */
  get sent(): number {
    return this.#sent;
  }

  /** Changes that are known to exist and were not written yet. */
  get lag(): number {
    return Math.max(0, this.#newest - this.#sent);
  }

  /** Begins with the head, which tells the reader how much it missed. */
  start(head: { number: number; line: string }): void {
    this.#newest = Math.max(this.#newest, head.number);
    this.#write(head.line);
    void this.#catchUp();
  }

  /** A commit. */
  offer(batch: Batch): void {
    this.#newest = Math.max(this.#newest, batch.last);
    if (!this.#live || this.#sent >= batch.last) return;
    if (this.#sent + 1 < batch.first) {
      // Commits of another process, or announced out of order: the log has them.
      this.#live = false;
      void this.#catchUp();
      return;
    }
    this.#write(this.#sent + 1 === batch.first ? batch.text : batch.lines.slice(this.#sent + 1 - batch.first).join(''));
    this.#sent = batch.last;
    this.#limit();
  }

  /** A heartbeat. Its number is a promise that everything up to it was sent, so a reader that catches up gets it then. */
  beat(number: number, line: string): void {
    this.#newest = Math.max(this.#newest, number);
    if (!this.#live || this.#sent < number) {
      this.#due = { number, line, at: performance.now() };
      if (!this.#live) return;
      this.#live = false;
      void this.#catchUp();
    } else {
      this.#write(line);
      this.#limit();
    }
  }

  /** The reader's position is of no use: it has to fetch a snapshot. */
  reload(line: string): void {
    this.#live = false;
    this.#stream.end(line);
  }

  /** The hub shuts down. */
  close(): void {
    this.#live = false;
    this.#stream.end();
  }

  /** Something went wrong that the reader's next attempt may not meet. */
  cut(): void {
    this.#stream.cut();
  }

  async #catchUp(): Promise<void> {
    try {
      while (this.#sent < this.#newest && this.#stream.open) {
        const page = await this.#changes.after(this.#sent, pageSize);
        if (!page) {
          const head = await this.#changes.head();
          return this.reload(`${JSON.stringify({ type: 'reload', ...head })}\n`);
        }
        const last = page.at(-1);
        if (!last) throw new Error(`the change log ends at ${this.#sent}, before its head ${this.#newest}`);
        this.#write(page.map(eventLine).join(''));
        this.#sent = last.number;
        await this.#stream.drained();
      }
      this.#live = true;
      const due = this.#due;
      this.#due = null;
      // The gateway takes its arrival for the time at which nothing was missing.
      if (due && due.number <= this.#sent && performance.now() - due.at < freshFor) this.#write(due.line);
    } catch (error) {
      this.#log.error({ err: error }, 'a gateway could not be sent what it missed');
      this.#stream.cut();
    }
  }

  #write(lines: string): void {
    if (this.#stream.open) this.#stream.write(lines);
  }

  #limit(): void {
    if (this.#stream.buffered <= maxBuffered) return;
    this.#log.warn({ buffered: this.#stream.buffered }, 'a gateway reads its events too slowly; its stream is cut');
    this.#stream.cut();
  }
}
