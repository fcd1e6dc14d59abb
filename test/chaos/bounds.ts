/**
 * Until when a gateway may still accept what was revoked: the table of the guarantee, applied to what was broken at
 * the time. Only the harness's own faults count, never what a gateway says of itself.
 */
import type { History, OutageRecord } from './history.ts';
import { Scarcity } from './scarcity.ts';

interface Allowance {
  /** Milliseconds for which something waits on purpose: silence is noticed after 3 s. */
  readonly waits: number;
  /** Milliseconds of work, which take longer where the processor is scarce. */
  readonly works: number;
}

export const bounds = {
  /** Nothing is broken. 50 ms at p99 on a quiet machine; no single one takes longer than this. */
  normal: { waits: 0, works: 1000 },
  /** One source is dead or silent, another one can be reached. */
  failover: { waits: 4000, works: 1000 },
  /** After the only source returned, or all did. */
  returned: { waits: 0, works: 1000 },
  /** The same where connections hang. */
  hung: { waits: 3000, works: 1000 },
} as const satisfies Record<string, Allowance>;

/** Milliseconds for which an outage can be felt when it is over: a connection that hangs, a retry that waits. */
const lingers = 5000;
/** Pieces that wait one after the other until a connection is there and tells what was missed: TCP, TLS, HTTP. */
const roundTrips = 12;

/** How many times as long things may take at most because the processor is scarce. */
const slowest = 4;

export type Situation = keyof typeof bounds | 'cut' | 'closed';

export interface Bound {
  readonly situation: Situation;
  /** From when on it had to learn of it. */
  readonly from: number;
  /** The last moment at which a request may be sent that is accepted; Infinity = there is none. */
  readonly until: number;
}

interface Interval {
  readonly from: number;
  readonly until: number;
}

export class Bounds {
  readonly #history: History;
  readonly #scarcity: Scarcity;

  constructor(history: History) {
    this.#history = history;
    this.#scarcity = new Scarcity(history.scarcity);
  }

  /** For what was revoked at `revoked`. */
  of(gateway: number, revoked: number): Bound {
    const open = this.#whenOpen(gateway, revoked);
    const { maxStaleness } = this.#history.gateways[gateway] ?? {};
    if (maxStaleness === null || maxStaleness === undefined) return open;
    // Whatever is broken: the head that it confirmed last is from before the revocation.
    const closed = this.#late(gateway, revoked, { waits: maxStaleness, works: bounds.normal.works });
    return closed < open.until ? { situation: 'closed', from: revoked, until: closed } : open;
  }

  /** The earliest moment at which a source was there for long enough while the gateway lived. */
  #whenOpen(gateway: number, revoked: number): Bound {
    let best: Bound = { situation: 'cut', from: revoked, until: Number.POSITIVE_INFINITY };
    const consider = (bound: Bound): void => {
      if (bound.until < best.until) best = bound;
    };
    const lives = this.#history.lives.filter((life) => life.gateway === gateway);
    const { sources } = this.#history.gateways[gateway] as { sources: number };
    for (let source = 0; source < sources; source++) {
      for (const good of this.#good(gateway, source, revoked)) {
        if (good.from > best.until) break;
        for (const { spawned, ready, died } of lives) {
          if (ready === null) continue;
          const end = Math.min(good.until, died ?? Number.POSITIVE_INFINITY);
          // It does not serve before it has caught up with a source that it can reach all the while.
          if (revoked <= spawned && this.#undisturbed(gateway, spawned, ready))
            consider({ situation: 'returned', from: ready, until: ready });
          const from = Math.max(revoked, good.from, ready);
          const situation = this.#situation(gateway, revoked, from);
          const until = this.#late(gateway, from, bounds[situation]);
          if (until <= end) consider({ situation, from, until });
        }
      }
    }
    return best;
  }

  #situation(gateway: number, revoked: number, from: number): keyof typeof bounds {
    const { sources } = this.#history.gateways[gateway] as { sources: number };
    const felt = this.#outages(gateway).filter(
      (outage) => outage.from <= from + bounds.normal.works && (outage.until ?? Infinity) >= revoked - lingers,
    );
    if (felt.length === 0) return from === revoked ? 'normal' : 'returned';
    if (sources > 1) return 'failover';
    return felt.some(({ how }) => how === 'silent') ? 'hung' : 'returned';
  }

  /** Whether no source of the gateway was out between two moments, nor shortly before. */
  #undisturbed(gateway: number, from: number, until: number): boolean {
    return !this.#outages(gateway).some((outage) => outage.from < until && (outage.until ?? Infinity) > from - 1000);
  }

  /** When a source was there, from a moment on. */
  #good(gateway: number, source: number, since: number): Interval[] {
    const outages = this.#outages(gateway)
      .filter((outage) => outage.source === source && (outage.until ?? Infinity) > since)
      .toSorted((a, b) => a.from - b.from);
    const good: Interval[] = [];
    let from = since;
    for (const outage of outages) {
      if (outage.from > from) good.push({ from, until: outage.from });
      from = Math.max(from, outage.until ?? Number.POSITIVE_INFINITY);
    }
    if (from < Number.POSITIVE_INFINITY) good.push({ from, until: Number.POSITIVE_INFINITY });
    return good;
  }

  #outages(gateway: number) {
    return this.#history.outages.filter((outage) => outage.gateway === gateway && outage.how !== 'slow');
  }

  /** When the allowance is used up: later if connections are slow, or the processor was scarce meanwhile. */
  #late(gateway: number, from: number, { waits, works }: Allowance): number {
    const until = from + waits + works;
    const meanwhile = (outage: OutageRecord): boolean =>
      outage.gateway === gateway && outage.from < until && (outage.until ?? Infinity) > from;
    const slow = this.#history.outages.filter(meanwhile).map(({ delay }) => delay);
    // Where something waited for the processor three quarters of the time, work takes four times as long.
    const waited = Math.min(this.#scarcity.between(from, until) / (waits + works), 1 - 1 / slowest);
    return from + waits + works / (1 - waited) + Math.max(0, ...slow) * roundTrips;
  }
}
