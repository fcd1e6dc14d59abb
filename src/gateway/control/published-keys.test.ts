import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, test } from 'node:test';
import type { PublicJwk } from '../../core/token.ts';
import { silentLog } from '../../platform/log.ts';
import type { ThreadChange } from '../data-plane/messages.ts';
import { PublishedKeys } from './published-keys.ts';

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = (kid: string): PublicJwk => ({ ...publicKey.export({ format: 'jwk' }), kid, kty: 'EC' });
const issuer = (id: string, jwksUrl?: string): ThreadChange => ({
  kind: 'issuer',
  id,
  value: { issuer: id, keys: [jwk('own')], audience: null, ...(jwksUrl !== undefined && { jwksUrl }) },
});

let now: number;
let asked: string[];
let answer: () => Promise<PublicJwk[]>;
let published: string[][];
let keys: PublishedKeys;

const kids = (changes: readonly ThreadChange[]): string[] =>
  changes.flatMap((change) => (change.kind === 'issuer' ? (change.value?.keys ?? []).map(({ kid }) => kid) : []));

beforeEach(() => {
  now = 0;
  asked = [];
  published = [];
  answer = async () => [jwk('a')];
  keys = new PublishedKeys({
    fetch: (url) => {
      asked.push(url);
      return answer();
    },
    publish: (changes) => published.push(kids(changes)),
    refresh: 3_600_000,
    cooldown: 10_000,
    log: silentLog,
    now: () => now,
  });
});
afterEach(() => keys.stop());

test('keys are fetched at once for an issuer that has an address, and told together with its own', async () => {
  const change = issuer('i', 'u');
  assert.deepEqual(kids(keys.watch([change, issuer('other')])), ['own', 'own']);
  await keys.renew('i');
  assert.deepEqual(published, [['own', 'a']]);
  assert.deepEqual(kids(keys.complete([change])), ['own', 'a']);
  assert.deepEqual(asked, ['u']);
  assert.deepEqual(keys.state, { i: { keys: 1, reachable: true } });
});

test('many that miss a key share one fetch', async () => {
  keys.watch([issuer('i', 'u')]);
  assert.deepEqual(await Promise.all([keys.renew('i'), keys.renew('i')]), ['renewed', 'renewed']);
  assert.equal(asked.length, 1);
  answer = async () => [jwk('b')];
  assert.deepEqual(await Promise.all([keys.renew('i'), keys.renew('i')]), ['renewed', 'renewed']);
  assert.equal(asked.length, 2);
  assert.deepEqual(published.at(-1), ['own', 'b']);
});

test('a flood of tokens with unknown keys has them fetched a few times, then says when they may be again', async () => {
  keys.watch([issuer('i', 'u')]);
  await keys.renew('i');
  const outcomes: unknown[] = [];
  for (; now < 30_000; now += 200) outcomes.push(await keys.renew('i'));
  // The first; one a second, five in a row; then one in ten seconds, which the first of those began.
  assert.equal(asked.length, 1 + 5 + 2);
  assert.deepEqual(outcomes.slice(0, 2), ['renewed', { retryAfter: 1 }]);
  assert.deepEqual(outcomes.at(26), { retryAfter: 5 });
  // Of whatever fetch: a new key is there with it.
  answer = async () => [jwk('b')];
  while ((await keys.renew('i')) !== 'renewed') now += 200;
  assert.ok(now <= 40_000, String(now));
  assert.deepEqual(published.at(-1), ['own', 'b']);
});

test('threads are not told when nothing is new', async () => {
  keys.watch([issuer('i', 'u')]);
  await keys.renew('i');
  now = 10_000;
  await keys.renew('i');
  assert.equal(asked.length, 2);
  assert.equal(published.length, 1);
});

const useless: readonly [what: string, answer: () => Promise<PublicJwk[]>][] = [
  ['fails', () => Promise.reject(new Error('no'))],
  ['has no keys', async () => []],
  ['has no key that can be used', async () => [{ kid: 'a', kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' } as PublicJwk]],
];
for (const [what, broken] of useless) {
  test(`the last good keys stay when the address ${what}, which is said`, async () => {
    const change = issuer('i', 'u');
    keys.watch([change]);
    await keys.renew('i');
    answer = broken;
    assert.equal(await keys.renew('i'), 'failed');
    assert.deepEqual(kids(keys.complete([change])), ['own', 'a']);
    assert.deepEqual(keys.state, { i: { keys: 1, reachable: false } });
    assert.equal(published.length, 1);
  });
}

test('another address is asked anew, and what the old one says then no longer counts', async () => {
  const late = Promise.withResolvers<PublicJwk[]>();
  answer = () => late.promise;
  keys.watch([issuer('i', 'old')]);
  answer = async () => [jwk('new')];
  const change = issuer('i', 'new');
  keys.watch([change]);
  await keys.renew('i');
  late.resolve([jwk('old')]);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(kids(keys.complete([change])), ['own', 'new']);
  assert.deepEqual(published, [['own', 'new']]);
});

test('an issuer that is gone, or publishes nothing, is not asked', async () => {
  keys.watch([issuer('i', 'u')]);
  await keys.renew('i');
  keys.watch([{ kind: 'issuer', id: 'i', value: null }]);
  now = 10_000;
  assert.equal(await keys.renew('i'), 'renewed');
  assert.equal(await keys.renew('unknown'), 'renewed');
  assert.deepEqual(asked, ['u']);
});
