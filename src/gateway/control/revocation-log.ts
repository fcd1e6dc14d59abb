/** Says in the log where the gateway has its revocations from. Never a token, nor anything that could stand for one. */
import { hash } from 'node:crypto';
import type { EntityChange } from '../../core/snapshot.ts';
import type { EventLog } from '../../platform/log.ts';

/** Lines for single ones within a second. Of more only the number is said: a line costs more than the revocation. */
const most = 20;
const second = 1000;

export class RevocationLog {
  readonly #log: EventLog;
  /** Runs while lines are counted. */
  #timer: NodeJS.Timeout | null = null;
  #lines = 0;
  /** Those that came without a line, by source. */
  readonly #more = new Map<string, number>();

  constructor(log: EventLog) {
    this.#log = log;
  }

  /** A whole state was taken over. @param from the disk copy, or a source's snapshot */
  loaded(from: string, counts: { revocations: number; entities: number }): void {
    const { revocations, entities } = counts;
    this.#log.info({ from, revocations, entities }, 'revocations were loaded at once');
  }

  /** Changes came in real time. @param from name of their source */
  came(from: string, changes: readonly EntityChange[]): void {
    for (const { kind, id, value } of changes) {
      if (kind !== 'revocation' || value === null) continue;
      this.#timer ??= setTimeout(() => this.#tellMore(), second).unref();
      this.#lines += 1;
      if (this.#lines > most) {
        this.#more.set(from, (this.#more.get(from) ?? 0) + 1);
        continue;
      }
      const fields = { from, type: id.slice(0, id.indexOf('|')), hash: hash('sha256', id).slice(0, 12) };
      this.#log.info(fields, 'a revocation came in real time');
    }
  }

  /** Says what was not said yet. */
  close(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#tellMore();
  }

  #tellMore(): void {
    for (const [from, revocations] of this.#more) {
      this.#log.info({ from, revocations }, 'more revocations came in real time');
    }
    this.#more.clear();
    this.#lines = 0;
    this.#timer = null;
  }
}
