import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Fault, fault, faults } from '../../core/faults.ts';
import type { Exchange } from '../exchange.ts';
import { allocateControl } from '../shared-state.ts';
import { announceNews } from './news.ts';
import { OpenTunnels, type Readmit } from './open-tunnels.ts';

const revoked = fault(faults.invalidCredentials);
const turn = () => new Promise(setImmediate);

function start(readmit: Readmit) {
  const control = new Int32Array(allocateControl(1));
  const errors: unknown[] = [];
  const log = { debug() {}, info() {}, warn() {}, error: (fields: object) => void errors.push(fields) };
  const tunnels = new OpenTunnels(readmit, control, log);
  const cut: string[] = [];
  const open = (name: string): Exchange => {
    const end = (): void => {
      cut.push(name);
      tunnels.closed(x);
    };
    const wire = { target: `/${name}?secret`, tunnel: { fromClient: 0, fromUpstream: 0, cut: end } };
    const x = { wire, fault: null as Fault | null } as unknown as Exchange;
    tunnels.opened(x);
    return x;
  };
  return { tunnels, control, open, cut, errors };
}

const nameOf = ({ wire }: Exchange): string => wire.target.slice(1).split('?', 1)[0] as string;

test('one that would be refused by now is cut when it was opened, but not within the call', async () => {
  const { open, cut } = start(() => revoked);
  const x = open('a');
  assert.deepEqual(cut, []);
  await turn();
  assert.deepEqual(cut, ['a']);
  assert.equal(x.fault, revoked);
});

test('news from another thread have all looked at, and those cut that would be refused', async () => {
  const denied = new Set<string>();
  let looks = 0;
  const { open, cut, control } = start((x, anew) => {
    looks++;
    assert.equal(anew, false);
    return denied.has(nameOf(x)) ? revoked : undefined;
  });
  for (const name of ['a', 'b', 'c']) open(name);
  while (looks < 3) await turn();
  for (const [name, left] of [
    ['b', 2],
    ['a', 1],
  ] as const) {
    denied.add(name);
    looks = 0;
    announceNews(control);
    while (!cut.includes(name) || looks < left) await turn();
  }
  assert.deepEqual(cut, ['b', 'a']);
});

test('without tunnels nothing is looked at, and news are heard again when there is one', async () => {
  let looks = 0;
  const { tunnels, open, control } = start(() => void looks++);
  tunnels.look(false);
  announceNews(control);
  await turn();
  assert.equal(looks, 0);
  for (let round = 1; round <= 2; round++) {
    const x = open('a');
    while (looks < 1) await turn();
    looks = 0;
    announceNews(control);
    while (looks < 1) await turn();
    tunnels.closed(x);
    await turn();
    looks = 0;
    announceNews(control);
    await turn();
    assert.equal(looks, 0);
  }
});

test('what can not be decided on is cut: a stage that throws, and one that does so late', async () => {
  const { open, cut, errors } = start((x) => {
    if (nameOf(x) === 'sync') throw new Error('broken');
    return Promise.reject(new Error('broken'));
  });
  open('sync');
  open('late');
  while (cut.length < 2) await turn();
  assert.equal(errors.length, 2);
  assert.doesNotMatch(JSON.stringify(errors), /secret/);
});

test('a decision that comes when the tunnel is closed is about nobody', async () => {
  const { promise, resolve } = Promise.withResolvers<Fault>();
  const { tunnels, open, cut } = start(() => promise);
  const x = open('a');
  await turn();
  tunnels.closed(x);
  resolve(revoked);
  await turn();
  assert.deepEqual(cut, []);
  assert.equal(x.fault, null);
});

test('time has them looked at each second, and credentials anew each half minute', async (t: TestContext) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const looks: boolean[] = [];
  const { open } = start((_x, anew) => void looks.push(anew));
  open('a');
  await turn();
  for (let second = 1; second <= 60; second++) {
    t.mock.timers.tick(1_000);
    await turn();
  }
  assert.equal(looks.length, 61);
  assert.deepEqual(
    looks.flatMap((anew, at) => (anew ? [at] : [])),
    [30, 60],
  );
});

test('other work has its turn while thousands are looked at', async () => {
  let looks = 0;
  const { tunnels, open } = start(() => void looks++);
  for (let i = 0; i < 5_000; i++) open(`t${i}`);
  let turns = 0;
  while (looks < 5_000) {
    await turn();
    turns++;
  }
  assert.ok(turns >= 40, `${turns} turns`);
  assert.equal(tunnels.size, 5_000);
});
