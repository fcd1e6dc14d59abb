/** Counts of one data-plane thread. The main thread collects and adds them up when it is scraped. */
import type { Exchange } from '../exchange.ts';

/** Upper bounds of the latency histograms, in seconds. */
export const latencyBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** What one API has been asked; plain data that can be posted between threads. */
export interface ApiCounts {
  readonly api: string;
  readonly version: string;
  /** By class of status: index 0 = no answer (the client went away), 1..5 = 1xx..5xx. */
  readonly statuses: number[];
  /** Refusals by fault code. */
  readonly faults: Record<number, number>;
  /** Per bound of `latencyBounds`, then the rest; not cumulative. */
  readonly latency: number[];
  latencySum: number;
  /** Time spent waiting for back ends, and the number of calls. */
  backendSum: number;
  backendCalls: number;
}

/** Requests that led to no API. */
const nowhere = { name: '', version: '' };

export class RequestMetrics {
  readonly #apis = new Map<string, ApiCounts>();

  count(x: Exchange, ended: number): void {
    const counts = this.#of(x);
    const cls = (x.status / 100) | 0;
    counts.statuses[cls] = (counts.statuses[cls] ?? 0) + 1;
    if (x.fault) counts.faults[x.fault.kind.code] = (counts.faults[x.fault.kind.code] ?? 0) + 1;
    const seconds = (ended - x.started) / 1000;
    let at = 0;
    while (at < latencyBounds.length && seconds > (latencyBounds[at] as number)) at++;
    counts.latency[at] = (counts.latency[at] as number) + 1;
    counts.latencySum += seconds;
    if (x.backendStarted !== 0) {
      counts.backendSum += (ended - x.backendStarted) / 1000;
      counts.backendCalls++;
    }
  }

  /** Everything counted so far. */
  collect(): ApiCounts[] {
    return [...this.#apis.values()];
  }

  #of(x: Exchange): ApiCounts {
    const api = x.route?.api.api ?? nowhere;
    const id = x.route?.api.api.id ?? '';
    let counts = this.#apis.get(id);
    if (!counts) {
      counts = {
        api: api.name,
        version: api.version,
        statuses: [0, 0, 0, 0, 0, 0],
        faults: {},
        latency: new Array<number>(latencyBounds.length + 1).fill(0),
        latencySum: 0,
        backendSum: 0,
        backendCalls: 0,
      };
      this.#apis.set(id, counts);
    }
    return counts;
  }
}
