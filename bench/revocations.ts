/**
 * A gateway with many revocations: `node bench/revocations.ts [entries]` (default a million). How long it takes to be
 * ready from the hub and from its disk copy, beside the same without revocations; what it weighs, and for how long its
 * main thread does nothing else. What a lookup costs is in src/gateway/revocation/revoked-set.bench.ts, what a stream of
 * revocations does to the requests beside it in beside-revocations.ts. Ends by itself, in a minute or two.
 */
import { readFileSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { revocationId } from '../src/core/revocation.ts';
import { RevokedSet } from '../src/gateway/revocation/revoked-set.ts';
import { Fingerprinter, newFingerprintKey } from '../src/platform/fingerprint.ts';
import { startBackend } from '../test/support/backend.ts';
import { fillStore } from '../test/support/fill-store.ts';
import { newDataFolder, type Postern, startPostern } from '../test/support/postern.ts';
import { openTestStore } from '../test/support/store.ts';
import { revocation } from './revocation-feed.ts';

const entries = Number(process.argv[2] ?? 1_000_000);
/** A million fits into the default's 48 MiB with room for the stream. */
const capacity = Math.max(Math.ceil(entries * 1.045), 100_000);

memory();

const data = newDataFolder();
const backend = await startBackend();
await fillStore(data, async (fill) => {
  const api = await fill.api('echo', { endpoints: { production: { url: backend.url } } });
  return fill.application('one', { subscribe: [api] });
});
const manager = await startPostern({ role: 'key-manager', data });
const nowhere = 'https://127.0.0.1:1';
const preload = new URL('./event-loop-delay.ts', import.meta.url).href;
const start = async (hub = manager.server, startupWait = 5000): Promise<{ gateway: Postern; seconds: number }> => {
  const from = performance.now();
  const gateway = await startPostern({
    role: 'gateway',
    data,
    offset: manager.offset,
    env: { NODE_OPTIONS: `--import=${preload}` },
    args: [
      `--controlPlane.url=${hub}`,
      `--keyManager.serverUrl=${manager.server}`,
      '--gateway.threads=1',
      '--gateway.accessLog=off',
      `--gateway.startupWait=${startupWait}`,
      `--gateway.revocation.capacity=${capacity}`,
    ],
  });
  return { gateway, seconds: (performance.now() - from) / 1000 };
};

await starts('no revocations');
await fillRevocations();
// They did not go through the change log: a copy from before would miss them.
rmSync(join(data, 'gateway'), { recursive: true });
await starts(`${entries} revocations`);

await manager.stop();
await backend.close();
rmSync(data, { recursive: true, force: true });

/** The set by itself: what it weighs, and how long it takes to fill it one by one. */
function memory(): void {
  const fingerprinter = new Fingerprinter(newFingerprintKey());
  const set = new RevokedSet(fingerprinter, { capacity });
  const from = performance.now();
  for (let at = 0; at < entries; at++) set.add(revocation(at));
  const added = performance.now() - from;
  const bytes = Object.values(set.buffers).reduce((sum, buffer) => sum + (buffer as SharedArrayBuffer).byteLength, 0);
  console.log(
    `set of ${entries}: ${(bytes / 2 ** 20).toFixed(1)} MiB for ${set.capacity}, filled in ${added.toFixed(0)} ms`,
  );
}

/** Every way to start. */
async function starts(what: string): Promise<void> {
  const before = cpuOf(manager);
  const fresh = await start();
  const sending = (cpuOf(manager) - before).toFixed(2);
  await report(`${what}: from the hub (${sending} s of its processor time), no copy`, fresh);
  await fresh.gateway.stop();
  const copied = await start();
  await report(`${what}: with its copy, and the hub`, copied);
  await copied.gateway.kill();
  const alone = await start(nowhere, 0);
  await report(`${what}: with its copy after a kill, no hub`, alone);
  await alone.gateway.stop();
}

async function fillRevocations(): Promise<void> {
  const store = await openTestStore(data);
  const from = performance.now();
  try {
    await store.transaction(async ({ db }) => {
      for (let at = 0; at < entries; at += 100) {
        const some = Array.from({ length: Math.min(100, entries - at) }, (_, i) => revocation(at + i));
        const rows = some.map((value) => ({
          kind: 'revocation',
          id: revocationId(value),
          body: JSON.stringify(value),
          number: 1,
          expires_at: value.expires,
        }));
        await db.insertInto('entities').values(rows).execute();
      }
    });
  } finally {
    await store.close();
  }
  console.log(`${entries} revocations written in ${((performance.now() - from) / 1000).toFixed(1)} s`);
}

async function report(how: string, { gateway, seconds }: { gateway: Postern; seconds: number }): Promise<void> {
  const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.pid}/status`, 'utf8'))?.[1]) / 1024;
  const delay = await delayOf(gateway);
  console.log(
    `${how}: ready after ${seconds.toFixed(2)} s, of them ${cpuOf(gateway).toFixed(2)} s of processor time, ` +
      `${rss.toFixed(0)} MiB resident, ` +
      `main thread held for at most ${delay}; ${load()}`,
  );
}

/** For how long the main thread did nothing else, at most, since it was asked last. */
async function delayOf({ pid, log }: Postern): Promise<string> {
  const said = () => [...log().matchAll(/^event loop delay: (.*)$/gm)];
  const before = said().length;
  process.kill(pid, 'SIGUSR2');
  while (said().length === before) await new Promise((resolve) => setTimeout(resolve, 10));
  return said().at(-1)?.[1] as string;
}

/** Seconds of processor time that a process has used: what a start takes where nothing else runs. */
function cpuOf({ pid }: Postern): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function load(): string {
  return `load ${(loadavg()[0] as number).toFixed(1)}`;
}
