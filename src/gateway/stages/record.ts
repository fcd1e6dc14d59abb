/** Writes down how an exchange ended. Always runs, exactly once per exchange. */
// The global of the same name is looked up anew each time.
import { performance } from 'node:perf_hooks';
import type { Deps } from '../deps.ts';
import type { Exchange } from '../exchange.ts';

export function record(x: Exchange, { metrics, accessLog }: Deps): void {
  const ended = performance.now();
  metrics.count(x, ended);
  accessLog.write(x, ended);
}
