/**
 * A gateway with many revocations: `node bench/revocations.ts [entries]` (default a million). How long it takes to be
 * ready from the hub and from its disk copy, beside the same without revocations; what it weighs, for how long its main
 * thread does nothing else, and what a stream of 2,000 events a second does to the requests beside it. What a lookup
 * costs is in src/gateway/revocation/revoked-set.bench.ts. Ends by itself, in a few minutes.
 */
import { readFileSync, rmSync, statSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { revocationId } from '../src/core/revocation.ts';
import { RevokedSet } from '../src/gateway/revocation/revoked-set.ts';
import { Fingerprinter, newFingerprintKey } from '../src/platform/fingerprint.ts';
import { startBackend } from '../test/support/backend.ts';
import { basic, call, closeConnections, postForm } from '../test/support/call.ts';
import { fillStore } from '../test/support/fill-store.ts';
import { newDataFolder, type Postern, startPostern } from '../test/support/postern.ts';
import { openTestStore } from '../test/support/store.ts';

const entries = Number(process.argv[2] ?? 1_000_000);
/** A million fits into the default's 48 MiB with room for the stream. */
const capacity = Math.max(Math.ceil(entries * 1.045), 100_000);
const issuer = 'https://revoked.example';
const expires = Math.floor(Date.now() / 1000) + 86_400;
const revocation = (at: number) =>
  ({ type: 'token', issuer, value: `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`, expires }) as const;

memory();

const data = newDataFolder();
const backend = await startBackend();
const client = await fillStore(data, async (fill) => {
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

const { gateway } = await start();
const { key, secret } = client;
const answer = await postForm(`${gateway.http}/token`, { grant_type: 'client_credentials' }, basic(key, secret));
const headers = { authorization: `Bearer ${answer.json().access_token}` };
await latencies(3);
await delayOf(gateway);
for (let round = 1; round <= 3; round++) {
  const quiet = await latencies(3);
  const written = writtenAt();
  const stop = stream(2000);
  // Long enough for the disk copy to be merged in between.
  const busy = await latencies(7);
  const sent = await stop();
  console.log(
    `round ${round}: 200 requests a second, ms: quiet median ${quiet.median} p99 ${quiet.p99}; ` +
      `with ${sent} events a second median ${busy.median} p99 ${busy.p99}; ` +
      `disk copy ${writtenAt() === written ? 'not ' : ''}merged; ` +
      `main thread held for at most ${await delayOf(gateway)}; ${load()}`,
  );
}
closeConnections();
await gateway.stop();
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
          expires_at: expires,
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

/** When the revocations of the disk copy were written. */
function writtenAt(): number {
  return statSync(join(data, 'gateway', 'revocations.bin')).mtimeMs;
}

/** 200 requests a second, however long each takes. */
async function latencies(seconds: number): Promise<{ median: string; p99: string }> {
  const took: number[] = [];
  const running: Promise<void>[] = [];
  for (let at = 0; at < 200 * seconds; at++) {
    const due = performance.now() + 5;
    running.push(
      (async () => {
        const from = performance.now();
        const { status, body } = await call(`${gateway.http}/echo/1.0.0/x`, { headers });
        if (status !== 200) throw new Error(`expected 200, got ${status} ${body}`);
        took.push(performance.now() - from);
      })(),
    );
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
  }
  await Promise.all(running);
  took.sort((a, b) => a - b);
  const share = (part: number): string => (took[Math.ceil(part * took.length) - 1] as number).toFixed(2);
  return { median: share(0.5), p99: share(0.99) };
}

/** Records revocations in the store, twenty at a time. Ends with how many there were a second. */
function stream(aSecond: number): () => Promise<number> {
  let running = true;
  let sent = 0;
  const from = performance.now();
  const done = (async () => {
    const store = await openTestStore(data);
    try {
      while (running) {
        await store.transaction(async (tx) => {
          for (let i = 0; i < 20; i++) {
            const value = revocation(entries + sent++);
            tx.record({ kind: 'revocation', id: revocationId(value), value });
          }
        });
        const ahead = (sent / aSecond) * 1000 - (performance.now() - from);
        if (ahead > 0) await new Promise((resolve) => setTimeout(resolve, ahead));
      }
    } finally {
      await store.close();
    }
  })();
  return async () => {
    running = false;
    await done;
    return Math.round(sent / ((performance.now() - from) / 1000));
  };
}
