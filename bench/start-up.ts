/**
 * How long a gateway takes to its `postern ready`, and what it weighs then: `node bench/start-up.ts [APIs] [runs]`.
 * The first start has no compile cache; the others find it warm. The control plane runs beside it.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fillStore } from '../test/support/fill-store.ts';
import { newDataFolder, startPostern } from '../test/support/postern.ts';

const [apis = 100, runs = 7] = process.argv.slice(2).map(Number);
const data = newDataFolder();
const cache = mkdtempSync(join(tmpdir(), 'postern-bench-'));
await fillStore(data, async (fill) => {
  for (let i = 0; i < apis; i++)
    await fill.api(`api${i}`, { endpoints: { production: { url: 'http://127.0.0.1:1' } } });
});
const manager = await startPostern({ role: 'key-manager', data });
const args = [
  `--controlPlane.url=${manager.server}`,
  `--keyManager.serverUrl=${manager.server}`,
  '--gateway.threads=1',
  '--gateway.accessLog=off',
];

const seconds: number[] = [];
const megabytes: number[] = [];
for (let run = 0; run <= runs; run++) {
  const from = performance.now();
  const env = { NODE_COMPILE_CACHE: cache };
  const gateway = await startPostern({ role: 'gateway', data, offset: manager.offset, args, env });
  const took = (performance.now() - from) / 1000;
  // Idle, after whatever the start left to be done.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.pid}/status`, 'utf8'))?.[1]) / 1024;
  console.log(
    `${run === 0 ? 'cold' : 'warm'} start with ${apis} APIs: ready after ${took.toFixed(3)} s, ${rss.toFixed(1)} MB resident`,
  );
  if (run > 0) {
    seconds.push(took);
    megabytes.push(rss);
  }
  await gateway.stop();
}
await manager.stop();
rmSync(data, { recursive: true, force: true });
rmSync(cache, { recursive: true, force: true });

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] as number;
console.log(
  `median of ${runs} warm starts: ready after ${median(seconds).toFixed(3)} s, ${median(megabytes).toFixed(1)} MB resident`,
);
