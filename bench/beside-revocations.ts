/**
 * What a stream of 2,000 revocations a second does to the requests beside it: `node bench/beside-revocations.ts`. Three
 * conditions take turns: no stream; a stream that another gateway follows, which costs the machine as much; and one that
 * this gateway follows. Ends by itself, in a minute and a half.
 */
import { rmSync, statSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { startBackend } from '../test/support/backend.ts';
import { basic, call, closeConnections, postForm } from '../test/support/call.ts';
import { fillStore } from '../test/support/fill-store.ts';
import { newDataFolder, startPostern } from '../test/support/postern.ts';
import { openRevocationFeed } from './revocation-feed.ts';

const aSecond = 2000;
const rounds = 10;
/** Of each condition in each round. */
const seconds = 2.5;

const backend = await startBackend();
const data = newDataFolder();
const { key, secret } = await fillStore(data, async (fill) => {
  const api = await fill.api('echo', { endpoints: { production: { url: backend.url } } });
  return fill.application('one', { subscribe: [api] });
});
const manager = await startPostern({ role: 'key-manager', data });
const elsewhere = newDataFolder();
const feeds = { here: await openRevocationFeed(data), elsewhere: await openRevocationFeed(elsewhere) };
const start = (folder: string, hub: string) =>
  startPostern({
    role: 'gateway',
    data: folder,
    args: [
      `--controlPlane.url=${hub}`,
      `--keyManager.serverUrl=${manager.server}`,
      '--gateway.threads=1',
      '--gateway.accessLog=off',
    ],
  });
const gateway = await start(data, feeds.here.url);
const another = await start(elsewhere, feeds.elsewhere.url);
const answer = await postForm(`${gateway.http}/token`, { grant_type: 'client_credentials' }, basic(key, secret));
const headers = { authorization: `Bearer ${answer.json().access_token}` };

const took = { 'no stream': [] as number[], elsewhere: [] as number[], here: [] as number[] };
const written = writtenAt();
// What runs for the first time is slower.
for (const feed of Object.values(feeds)) await fed(feed, () => measure(4));
for (let round = 0; round < rounds; round++) {
  took['no stream'].push(...(await measure(seconds)));
  for (const where of ['elsewhere', 'here'] as const) {
    await fed(feeds[where], async () => took[where].push(...(await measure(seconds))));
  }
}
for (const [condition, all] of Object.entries(took)) {
  all.sort((a, b) => a - b);
  const share = (part: number): string => (all[Math.ceil(part * all.length) - 1] as number).toFixed(2);
  console.log(
    `${condition}: ${all.length} requests, milliseconds: median ${share(0.5)}, p90 ${share(0.9)}, p99 ${share(0.99)}`,
  );
}
const share = (all: readonly number[]): number => all[Math.ceil(0.99 * all.length) - 1] as number;
console.log(
  `p99 beside ${aSecond} events a second: ${(share(took.here) / share(took.elsewhere)).toFixed(2)} times that beside a stream elsewhere, ` +
    `${(share(took.here) / share(took['no stream'])).toFixed(2)} times that without; ` +
    `the disk copy was ${writtenAt() === written ? 'not ' : ''}merged meanwhile; load ${(loadavg()[0] as number).toFixed(1)}`,
);
closeConnections();
await Promise.all([gateway.stop(), another.stop(), ...Object.values(feeds).map((feed) => feed.stop())]);
await manager.stop();
await backend.close();
for (const folder of [data, elsewhere]) rmSync(folder, { recursive: true, force: true });

/** Does something while a feed runs. @throws Error if it is too slow to mean anything */
async function fed(feed: (typeof feeds)['here'], work: () => Promise<unknown>): Promise<void> {
  feed.start(aSecond);
  await work();
  const rate = await feed.pause();
  if (rate < 0.95 * aSecond) throw new Error(`the store took ${rate} events a second where ${aSecond} are asked for`);
}

/** Milliseconds that each took of 200 requests a second, however long each takes. */
async function measure(seconds: number): Promise<number[]> {
  const took: number[] = [];
  const running: Promise<void>[] = [];
  for (let at = 0; at < 200 * seconds; at++) {
    // Not in step with the stream's batches.
    const due = performance.now() + 2.5 + Math.random() * 5;
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
  return took;
}

/** When the revocations of the disk copy were written. */
function writtenAt(): number {
  return statSync(join(data, 'gateway', 'revocations.bin')).mtimeMs;
}
