/**
 * How long a revoked token is accepted: `node bench/revocation-latency.ts [revocations] [gateways]` (default 1,000 and
 * 10, each with one thread). For each revocation a token is used at every gateway, so that it is in all caches, and
 * revoked; from the answer of `/revoke` on every gateway is asked until it refuses. At most about 500 requests a second
 * in all. Ends by itself, in about two minutes.
 */
import { cpSync, rmSync } from 'node:fs';
import { startBackend } from '../test/support/backend.ts';
import { basic, call, closeConnections, postForm } from '../test/support/call.ts';
import { fillStore } from '../test/support/fill-store.ts';
import { newDataFolder, type Postern, startPostern } from '../test/support/postern.ts';

const [revocations = 1000, count = 10] = process.argv.slice(2).map(Number);
/** Requests a second. */
const most = 500;

const data = newDataFolder();
const folders = [data];
const backend = await startBackend();
const keys = await fillStore(data, async (fill) => {
  const api = await fill.api('echo', { endpoints: { production: { url: backend.url } } });
  return [
    await fill.application('jwt', { subscribe: [api] }),
    await fill.application('opaque', { subscribe: [api], tokenType: 'OPAQUE' }),
  ] as const;
});
const manager = await startPostern({ role: 'key-manager', data });
const gateways: Postern[] = [];
for (let at = 0; at < count; at++) gateways.push(await startGateway(at));

let requests = 0;
const began = performance.now();
const use = (gateway: Postern, token: string) => {
  requests += 1;
  return call(`${gateway.http}/echo/1.0.0/x`, { headers: { authorization: `Bearer ${token}` } });
};

/** Milliseconds from the answer of `/revoke` until the last gateway refused; and of each gateway. */
const all: number[] = [];
const each: number[] = [];
for (let at = 0; at < revocations; at++) {
  const { key, secret } = keys[at % 2] as (typeof keys)[number];
  const form = { grant_type: 'client_credentials', scope: `device_${at}` };
  const { access_token: token } = (await postForm(`${manager.server}/oauth2/token`, form, basic(key, secret))).json();
  for (const answer of await Promise.all(gateways.map((gateway) => use(gateway, token)))) {
    if (answer.status !== 200)
      throw new Error(`expected 200 before it was revoked, got ${answer.status} ${answer.body}`);
  }
  const revoked = await postForm(`${manager.server}/oauth2/revoke`, { token }, basic(key, secret));
  if (revoked.status !== 200) throw new Error(`expected 200 of /revoke, got ${revoked.status} ${revoked.body}`);
  const from = performance.now();
  const took = await Promise.all(
    gateways.map(async (gateway) => {
      while ((await use(gateway, token)).status !== 401)
        if (performance.now() - from > 5000) throw new Error('not in 5 s');
      return performance.now() - from;
    }),
  );
  each.push(...took);
  all.push(Math.max(...took));
  const ahead = (requests / most) * 1000 - (performance.now() - began);
  if (ahead > 0) await new Promise((resolve) => setTimeout(resolve, ahead));
}
const seconds = (performance.now() - began) / 1000;
console.log(
  `${revocations} revocations (JWT and opaque in turn), ${count} gateways of one thread, ${Math.round(requests / seconds)} requests a second in all`,
);
report('a gateway refuses after, ms', each);
report('all gateways refuse after, ms', all);

closeConnections();
for (const gateway of gateways) await gateway.stop();
await manager.stop();
await backend.close();
for (const folder of folders) rmSync(folder, { recursive: true, force: true });

function startGateway(at: number): Promise<Postern> {
  // A disk copy of its own; the certificates are those of the key manager.
  const folder = at === 0 ? data : copyOf(data);
  return startPostern({
    role: 'gateway',
    data: folder,
    args: [
      `--controlPlane.url=${manager.server}`,
      `--keyManager.serverUrl=${manager.server}`,
      '--gateway.threads=1',
      '--gateway.accessLog=off',
    ],
  });
}

function copyOf(folder: string): string {
  const copy = newDataFolder();
  folders.push(copy);
  cpSync(`${folder}/certificates`, `${copy}/certificates`, { recursive: true });
  return copy;
}

function report(what: string, values: number[]): void {
  values.sort((a, b) => a - b);
  const share = (part: number): string => (values[Math.ceil(part * values.length) - 1] as number).toFixed(1);
  console.log(`${what}: median ${share(0.5)}, p90 ${share(0.9)}, p99 ${share(0.99)}, longest ${share(1)}`);
}
