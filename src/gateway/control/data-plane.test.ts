import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { silentLog } from '../../platform/log.ts';
import type { ThreadChange, ThreadData } from '../data-plane/messages.ts';
import { DataPlane } from './data-plane.ts';

const order = (id: string): ThreadChange => ({ kind: 'issuer', id, value: null });
const known = [order('known')];
const options = { gateway: { host: '127.0.0.1', drainTimeout: 1000 } } as ThreadData['options'];
const common = { options, shared: { control: new SharedArrayBuffer(64) } } as unknown as ThreadData;
let plane: DataPlane;
/** So many starts of threads fail before there is one. */
let failures = 0;

before(async () => {
  plane = new DataPlane({
    common,
    threads: 2,
    ports: { http: 0, https: 0, token: null },
    answer: async () => null,
    changes: () => {
      if (failures > 0 && failures-- > 0) throw new Error('no room for a thread');
      return known;
    },
    log: silentLog,
    entry: new URL('../../../test/support/threads/misbehaving.ts', import.meta.url),
  });
  await plane.start();
});
after(() => plane.drain());

/** Waits until both threads serve again. */
async function recovered(replaced: number): Promise<void> {
  const from = Date.now();
  while (plane.replaced < replaced || plane.threads < 2) {
    assert.ok(Date.now() - from < 15_000, `${plane.replaced} replaced, ${plane.threads} serve`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const threads = async (): Promise<string[]> => (await plane.collect()).map(({ version }) => version).sort();

test('every thread is started with what there is to know', async () => {
  assert.equal(plane.threads, 2);
  assert.deepEqual(await threads(), ['0', '1']);
});

test('a thread that ends, throws or falls silent is replaced; the replacement knows what the others do', async () => {
  let replaced = 0;
  for (const what of ['die 1', 'throw 0', 'hang 1']) {
    plane.publish([order(what)]);
    await recovered(++replaced);
  }
  // What the two that were asked before they ended had counted stays in the total.
  assert.deepEqual(await threads(), ['0', '0', '1', '1']);
});

test('a thread that can not be started at once is started later, and the others go on', async () => {
  const { replaced } = plane;
  failures = 2;
  plane.publish([order('die 1')]);
  await recovered(replaced + 1);
  assert.equal(failures, 0);
});
