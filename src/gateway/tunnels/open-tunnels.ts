/**
 * The tunnels of one thread (WebSocket), and why they end: requests are decided on when they come, and nothing comes
 * through a tunnel that could be decided on. So whenever something was decided anywhere it is asked again whether the
 * request that opened it would be let in now. If not, it is cut.
 */
import type { Fault } from '../../core/faults.ts';
import type { EventLog } from '../../platform/log.ts';
import type { Exchange } from '../exchange.ts';
import { newestNews, newsAfter } from './news.ts';

/** Milliseconds between two looks without news: time decides too, on expired tokens and old knowledge. */
const interval = 1_000;
/** Looks by time until credentials are checked anew, as a request would have them: some are revoked without news. */
const looksUntilAnew = 30;
/** Tunnels in one turn of the event loop: well under a millisecond. */
const perTurn = 100;
/** After a look at all of them, so many times as long as it took belong to requests. */
const rest = 4;

/**
 * Whether an open tunnel would be let in now; otherwise why not. `anew`: by credentials that are checked once more, and not
 * by what they were found to be.
 */
export type Readmit = (x: Exchange, anew: boolean) => Fault | undefined | Promise<Fault | undefined>;

export class OpenTunnels {
  readonly #readmit: Readmit;
  readonly #control: Int32Array;
  readonly #log: EventLog;
  readonly #tunnels = new Set<Exchange>();
  #timer: NodeJS.Timeout | null = null;
  #looks = 0;
  #isLooking = false;
  #hasNews = false;
  #checksAnew = false;
  #waits = false;

  constructor(readmit: Readmit, control: Int32Array, log: EventLog) {
    this.#readmit = readmit;
    this.#control = control;
    this.#log = log;
  }

  get size(): number {
    return this.#tunnels.size;
  }

  /** A tunnel was opened. It is looked at soon: something may have been decided while the back end thought about it. */
  opened(x: Exchange): void {
    this.#tunnels.add(x);
    this.#timer ??= setInterval(() => this.look(++this.#looks % looksUntilAnew === 0), interval).unref();
    this.look(false);
    if (!this.#waits) void this.#hear();
  }

  closed(x: Exchange): void {
    this.#tunnels.delete(x);
    if (this.#tunnels.size > 0 || !this.#timer) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Something may have been decided. All tunnels are looked at, soon and not within this call. */
  look(anew: boolean): void {
    if (this.#tunnels.size === 0) return;
    this.#hasNews = true;
    this.#checksAnew ||= anew;
    if (this.#isLooking) return;
    this.#isLooking = true;
    setImmediate(() => void this.#lookAround());
  }

  async #hear(): Promise<void> {
    this.#waits = true;
    for (let known = newestNews(this.#control); this.#tunnels.size > 0; known = newestNews(this.#control)) {
      await newsAfter(this.#control, known);
      this.look(false);
    }
    this.#waits = false;
  }

  async #lookAround(): Promise<void> {
    while (this.#hasNews) {
      const anew = this.#checksAnew;
      this.#hasNews = this.#checksAnew = false;
      let looked = 0;
      let spent = 0;
      let from = performance.now();
      for (const x of this.#tunnels) {
        this.#lookAt(x, anew);
        if (++looked % perTurn > 0) continue;
        spent += performance.now() - from;
        await new Promise(setImmediate);
        from = performance.now();
      }
      spent += performance.now() - from;
      if (this.#hasNews && spent > 1) await new Promise((resolve) => setTimeout(resolve, rest * spent));
    }
    this.#isLooking = false;
  }

  #lookAt(x: Exchange, anew: boolean): void {
    try {
      const outcome = this.#readmit(x, anew);
      if (outcome instanceof Promise) {
        outcome.then((late) => this.#decide(x, late)).catch((error) => this.#fail(x, error));
      } else this.#decide(x, outcome);
    } catch (error) {
      this.#fail(x, error);
    }
  }

  #decide(x: Exchange, refusal: Fault | undefined): void {
    if (refusal === undefined || !this.#tunnels.has(x)) return;
    x.fault = refusal;
    x.wire.tunnel?.cut();
  }

  /** A defect of ours. What can't be decided on does not go on. */
  #fail(x: Exchange, error: unknown): void {
    this.#log.error({ err: error, path: x.wire.target.split('?', 1)[0] }, 'an open tunnel could not be decided on');
    x.wire.tunnel?.cut();
  }
}
