import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { ManualClock } from '../../../platform/clock.ts';
import type { AccessToken, AccessTokens } from './credentials.ts';
import { keepToken } from './kept-token.ts';

let clock: ManualClock;
let renewals: (string | null)[];
let answer: () => Promise<AccessToken>;
let tokens: AccessTokens;

beforeEach(() => {
  clock = new ManualClock(0);
  renewals = [];
  answer = async () => ({ value: `t${renewals.length}`, expires: clock.now() + 60_000 });
  tokens = keepToken((rejected) => {
    renewals.push(rejected);
    return answer();
  }, clock);
});

const get = async (rejected: string | null = null): Promise<string> => (await tokens.get(rejected)).value;

test('a token is asked for once, however many need it, and again when it expires', async () => {
  assert.deepEqual(await Promise.all([get(), get(), get()]), ['t1', 't1', 't1']);
  clock.advance(59_999);
  assert.equal(await get(), 't1');
  clock.advance(1);
  assert.deepEqual(await Promise.all([get(), get()]), ['t2', 't2']);
});

test('one that was refused is replaced once for all who had it', async () => {
  await get();
  assert.deepEqual(await Promise.all([get('t1'), get('t1')]), ['t2', 't2']);
  assert.equal(await get('t1'), 't2');
  assert.deepEqual(renewals, [null, 't1']);
});

test('a key manager that refuses every token makes one renewal in a second', async () => {
  await get();
  assert.equal(await get('t1'), 't2');
  assert.equal(await get('t2'), 't2');
  clock.advance(1000);
  assert.equal(await get('t2'), 't3');
});

test('a renewal that failed is not tried again for a second; everybody learns why', async () => {
  answer = () => Promise.reject(new Error('down'));
  await assert.rejects(Promise.all([get(), get()]), /down/);
  await assert.rejects(get(), /down/);
  assert.equal(renewals.length, 1);
  clock.advance(1000);
  answer = async () => ({ value: 'up', expires: null });
  assert.equal(await get(), 'up');
});
