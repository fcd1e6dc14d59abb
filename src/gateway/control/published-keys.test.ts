import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { PublicJwk } from '../../core/token.ts';
import { silentLog } from '../../platform/log.ts';
import type { ThreadChange } from '../data-plane/messages.ts';
import { PublishedKeys } from './published-keys.ts';

const jwk = (kid: string): PublicJwk => ({ kid, kty: 'EC' });
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

test('many that miss a key share one fetch, and there is not another before the cool-down is over', async () => {
  keys.watch([issuer('i', 'u')]);
  await Promise.all([keys.renew('i'), keys.renew('i')]);
  now = 9_999;
  assert.equal(await keys.renew('i'), true);
  assert.equal(asked.length, 1);
  now = 10_000;
  answer = async () => [jwk('b')];
  assert.deepEqual(await Promise.all([keys.renew('i'), keys.renew('i')]), [true, true]);
  assert.equal(asked.length, 2);
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

test('the last good keys stay when the address fails, which is said', async () => {
  const change = issuer('i', 'u');
  keys.watch([change]);
  await keys.renew('i');
  now = 10_000;
  answer = () => Promise.reject(new Error('no'));
  assert.equal(await keys.renew('i'), false);
  assert.deepEqual(kids(keys.complete([change])), ['own', 'a']);
});

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
  assert.equal(await keys.renew('i'), true);
  assert.equal(await keys.renew('unknown'), true);
  assert.deepEqual(asked, ['u']);
});
