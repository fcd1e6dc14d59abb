/**
 * The control plane with very many entities: `bin/run bench/control-plane.ts [--apis N] [--subscriptions N] [--runs N]`. Times
 * of list, search and subscribe through the REST APIs, of a new gateway's start, and of a change on its way to a gateway;
 * memory of each process. Everything on this machine, nothing else at work on it.
 */
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startBackend } from '../test/support/backend.ts';
import { basic, call, closeConnections, postForm } from '../test/support/call.ts';
import { fillStore } from '../test/support/fill-store.ts';
import { newDataFolder, type Postern, startPostern } from '../test/support/postern.ts';
import { logIn, restClient } from '../test/support/rest.ts';

const { values } = parseArgs({
  options: {
    apis: { type: 'string', default: '10000' },
    subscriptions: { type: 'string', default: '100000' },
    runs: { type: 'string', default: '21' },
  },
});
const apis = Number(values.apis);
const subscriptions = Number(values.subscriptions);
const runs = Number(values.runs);

const data = newDataFolder();
const other = newDataFolder();
const backend = await startBackend();
let from = performance.now();
const { ids, reader } = await fillStore(data, async (fill) => {
  const ids: string[] = [];
  for (let i = 0; i < apis; i++) {
    ids.push(await fill.api(`api${i}`, { endpoints: { production: { url: backend.url } } }));
  }
  const applications = Math.ceil(subscriptions / 100);
  let left = subscriptions;
  for (let i = 0; i < applications; i++) {
    const subscribe = Array.from({ length: Math.min(100, left) }, (_, at) => ids[(i * 100 + at) % apis] as string);
    left -= subscribe.length;
    await fill.application(`app${i}`, { subscribe });
  }
  return { ids, reader: await fill.application('reader', { subscribe: [ids[0] as string] }) };
});
console.log(`${apis} APIs and ${subscriptions} subscriptions written in ${since(from)}`);

from = performance.now();
const postern = await startPostern({ data, args: ['--gateway.threads=1'] });
console.log(`postern start: ready in ${since(from)}`);
const scopes = ['apim:api_view', 'apim:api_publish', 'apim:subscribe', 'apim:app_manage', 'apim:sub_manage'];
scopes.push('apim:subscription_view', 'apim:subscription_block');
const authorization = await logIn(postern.server, { scopes });
const publisher = restClient(`${postern.server}/api/am/publisher/v1`, authorization);
const store = restClient(`${postern.server}/api/am/store/v1`, authorization);

await time('publisher: list the first 25', () => publisher.get('/apis'));
await time('publisher: list 25 in the middle', () => publisher.get(`/apis?offset=${apis >> 1}`));
await time('publisher: search by name', (run) => publisher.get(`/apis?query=name:api${(run * 97) % apis}`));
await time('publisher: search by context', (run) => publisher.get(`/apis?query=context:/api${(run * 89) % apis}`));
await time('portal: list the first 25', () => store.get('/apis'));
await time('portal: search', (run) => store.get(`/apis?query=api${(run * 83) % apis}`));
await time('portal: tags', () => store.get('/tags'));
await time("portal: an application's subscriptions", () => store.get(`/subscriptions?applicationId=${reader.id}`));
await time("publisher: an API's subscriptions", () => publisher.get(`/subscriptions?apiId=${ids[0]}`));
await time('portal: subscribe', (run) =>
  store.post('/subscriptions', { applicationId: reader.id, apiId: ids[run + 1], throttlingPolicy: 'Unlimited' }),
);

cpSync(join(data, 'certificates'), join(other, 'certificates'), { recursive: true });
from = performance.now();
const second = await startPostern({
  role: 'gateway',
  data: other,
  args: ['--gateway.threads=1', `--controlPlane.url=${postern.server}`, `--keyManager.serverUrl=${postern.server}`],
});
console.log(`a new gateway without a copy: ready in ${since(from)}`);

const form = { grant_type: 'client_credentials' };
const token = (await postForm(`${postern.https}/token`, form, basic(reader.key, reader.secret))).json().access_token;
const list = (await store.get(`/subscriptions?applicationId=${reader.id}`)).json().list;
const subscription = list.find((one: { apiId: string }) => one.apiId === ids[0]).subscriptionId;
const out: number[] = [];
for (let run = 0; run < runs; run++) {
  const block = run % 2 === 0;
  const action = block ? 'block-subscription' : 'unblock-subscription';
  const state = block ? '&blockState=BLOCKED' : '';
  await publisher.post(`/subscriptions/${action}?subscriptionId=${subscription}${state}`);
  const answered = performance.now();
  await becomes(second, block ? 403 : 200);
  out.push(performance.now() - answered);
}
report('a change: from its answer until the second gateway obeys', out);

for (const [name, pid] of processes(postern.pid)) console.log(`memory: ${name} ${megabytes(pid)} MB`);
console.log(`memory: second gateway ${megabytes(second.pid)} MB`);
closeConnections();
await second.stop();
await postern.stop();
await backend.close();
rmSync(data, { recursive: true, force: true });
rmSync(other, { recursive: true, force: true });

async function time(what: string, work: (run: number) => Promise<{ status: number; body: string }>): Promise<void> {
  const took: number[] = [];
  for (let run = 0; run < runs; run++) {
    const begun = performance.now();
    const { status, body } = await work(run);
    took.push(performance.now() - begun);
    if (status >= 300) throw new Error(`${what}: ${status} ${body}`);
  }
  report(what, took);
}

function report(what: string, took: readonly number[]): void {
  const sorted = took.toSorted((a, b) => a - b);
  const at = (part: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] as number).toFixed(1);
  console.log(`${what}: median ${at(0.5)} ms, p95 ${at(0.95)} ms, longest ${at(1)} ms (${took.length} times)`);
}

async function becomes(gateway: Postern, status: number): Promise<void> {
  const until = performance.now() + 10_000;
  for (;;) {
    const answer = await call(`${gateway.http}/api0/1.0.0/x`, { headers: { authorization: `Bearer ${token}` } });
    if (answer.status === status) return;
    if (performance.now() > until) throw new Error(`expected ${status}, still ${answer.status} ${answer.body}`);
  }
}

function processes(parent: number): [name: string, pid: number][] {
  const children = readdirSync('/proc').filter(
    (pid) => /^\d+$/.test(pid) && Number(/^\d+ \(.*\) \S (\d+)/s.exec(read(`/proc/${pid}/stat`))?.[1]) === parent,
  );
  return [['parent', parent], ...children.map((pid, at) => [`child ${at + 1}`, Number(pid)] as [string, number])];
}

function megabytes(pid: number): string {
  return (Number(/VmRSS:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1]) / 1024).toFixed(0);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function since(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(2)} s`;
}
