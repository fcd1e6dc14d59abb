/** Counts of one data-plane thread. The main thread collects and adds them up when it is scraped. */
import type { Api } from '../../core/api.ts';
import type { Exchange } from '../exchange.ts';

/** Upper bounds of the latency histograms, in seconds. */
export const latencyBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Where in `ApiCounts.counts` what is. */
export const places = {
  /** By class of status: 0 = no answer (the client went away), 1..5 = 1xx..5xx. */
  statuses: 0,
  /** Per bound of `latencyBounds`, then the rest; not cumulative. */
  latency: 6,
  /** Seconds, of all requests. */
  latencySum: 6 + latencyBounds.length + 1,
  /** Seconds spent waiting for back ends, and the number of calls. */
  backendSum: 6 + latencyBounds.length + 2,
  backendCalls: 6 + latencyBounds.length + 3,
  /** Tunnels that are open now. */
  tunnels: 6 + latencyBounds.length + 4,
} as const;
const length = places.tunnels + 1;

/** What one API has been asked; plain data that can be posted between threads. */
export interface ApiCounts {
  readonly api: string;
  readonly version: string;
  readonly counts: Float64Array;
  /** Refusals by fault code. */
  readonly faults: Record<number, number>;
}

/** What stays of the counts of a thread that is gone: its tunnels went with it. */
export function withoutTunnels(one: ApiCounts): ApiCounts {
  const counts = one.counts.slice();
  counts[places.tunnels] = 0;
  return { ...one, counts };
}

/** Requests that led to no API. */
const nowhere = { name: '', version: '' };
/** All APIs beyond the capacity. */
const others = { name: '(others)', version: '' };

export class RequestMetrics {
  readonly #apis = new Map<string, ApiCounts>();
  readonly #others = newCounts(others);
  readonly #capacity: number;

  /** @param capacity APIs that are counted each by itself; those that are called later are counted as one */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** It has become a tunnel, which is counted as a request when it ends. */
  opened(x: Exchange): void {
    add(this.#of(x.route?.api.api).counts, places.tunnels, 1);
  }

  /** The wire has refused what never became a request of an API. */
  refused(code: number): void {
    const { faults } = this.#of(undefined);
    faults[code] = (faults[code] ?? 0) + 1;
  }

  count(x: Exchange, ended: number): void {
    const { counts, faults } = this.#of(x.route?.api.api);
    if (x.status === 101) add(counts, places.tunnels, -1);
    add(counts, places.statuses + ((x.status / 100) | 0), 1);
    if (x.fault) faults[x.fault.kind.code] = (faults[x.fault.kind.code] ?? 0) + 1;
    const seconds = (ended - x.started) / 1000;
    let at = 0;
    while (at < latencyBounds.length && seconds > (latencyBounds[at] as number)) at++;
    add(counts, places.latency + at, 1);
    add(counts, places.latencySum, seconds);
    if (x.backendStarted === 0) return;
    add(counts, places.backendSum, (ended - x.backendStarted) / 1000);
    add(counts, places.backendCalls, 1);
  }

  /** Everything counted so far. */
  collect(): ApiCounts[] {
    const all = [...this.#apis.values()];
    return this.#apis.size < this.#capacity ? all : [...all, this.#others];
  }

  #of(api: Api | undefined): ApiCounts {
    const id = api?.id ?? '';
    const known = this.#apis.get(id);
    if (known) return known;
    if (this.#apis.size >= this.#capacity) return this.#others;
    const counts = newCounts(api ?? nowhere);
    this.#apis.set(id, counts);
    return counts;
  }
}

function newCounts({ name, version }: { readonly name: string; readonly version: string }): ApiCounts {
  return { api: name, version, counts: new Float64Array(length), faults: {} };
}

function add(counts: Float64Array, at: number, count: number): void {
  counts[at] = (counts[at] as number) + count;
}
