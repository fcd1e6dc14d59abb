/** Whether a database answers: the log hears of it once when it doesn't, and once when it does again. */
import type { Clock } from '../../../platform/clock.ts';
import type { EventLog } from '../../../platform/log.ts';
import { describe } from '../unavailable.ts';

/** Milliseconds without a failure before it counts as back: of many connections some break later than others. */
const calm = 1000;

export class Reachability {
  readonly #place: string;
  readonly #log: EventLog;
  readonly #clock: Clock;
  /** Milliseconds since the epoch; null = it answers. */
  #goneSince: number | null = null;
  #lastFailure = 0;
  #isOpen = false;

  /** @param place the address, without its password */
  constructor(place: string, log: EventLog, clock: Clock) {
    this.#place = place;
    this.#log = log;
    this.#clock = clock;
  }

  /** From here on failures are told; those before are errors of whoever opens the store. */
  opened(): void {
    this.#isOpen = true;
  }

  failed(error: unknown): void {
    this.#lastFailure = this.#clock.now();
    if (!this.#isOpen || this.#goneSince !== null) return;
    this.#goneSince = this.#lastFailure;
    const fields = { store: this.#place, reason: describe(error) };
    this.#log.error(fields, 'the database can not be reached; until it is back, what needs it is refused with 503');
  }

  answered(): void {
    if (this.#goneSince === null) return;
    const now = this.#clock.now();
    if (now - this.#lastFailure < calm) return;
    const seconds = Math.round((now - this.#goneSince) / 1000);
    this.#goneSince = null;
    this.#log.warn({ store: this.#place, seconds }, 'the database is back');
  }
}
