import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { Api } from '../../core/api.ts';
import type { EntityChange } from '../../core/snapshot.ts';
import { Fingerprinter, newFingerprintKey } from '../../platform/fingerprint.ts';
import type { ThreadChange } from '../data-plane/messages.ts';
import { RevokedSet } from '../revocation/revoked-set.ts';
import { SubscriptionReader, SubscriptionTable } from '../subscriptions/subscription-table.ts';
import { Entities } from './entities.ts';
import { FixedEntities } from './fixed-entities.ts';

const api = (id: string, name = id): EntityChange => ({ kind: 'api', id, value: { id, name, version: '1' } as Api });
const issuer = (id: string): EntityChange => ({
  kind: 'issuer',
  id,
  value: { issuer: id, keys: [], audience: null },
});
const policy = (id: string, count: number): EntityChange => ({
  kind: 'policy',
  id,
  value: { level: 'subscription', name: id, limit: { count, windowMs: 1 }, stopOnQuota: true },
});
const application: EntityChange = {
  kind: 'application',
  id: 'app',
  value: { ordinal: 7, id: 'app', name: 'app', owner: 'o', tier: 'Unlimited' },
};
const subscription = (apiId: string): EntityChange => ({
  kind: 'subscription',
  id: `to-${apiId}`,
  value: { id: `to-${apiId}`, apiId, applicationId: 'app', tier: 'Unlimited', state: 'UNBLOCKED' },
});

const given = [api('given', 'shop'), issuer('i'), policy('subscription|Gold', 1)];
let entities: Entities;
let reader: SubscriptionReader;
let fixed: FixedEntities;

beforeEach(() => {
  const fingerprinter = new Fingerprinter(newFingerprintKey());
  const table = new SubscriptionTable(100);
  reader = new SubscriptionReader(table.buffers);
  entities = new Entities({
    fingerprinter,
    revoked: new RevokedSet(fingerprinter, { capacity: 10 }),
    table,
    publish: () => undefined,
    overflow: () => assert.fail(),
    refused: (_change, reason) => assert.fail(reason),
  });
  fixed = new FixedEntities(entities, given);
  fixed.start();
});

const find = (kind: string, id: string): ThreadChange | undefined =>
  entities.threadChanges().find((one) => one.kind === kind && one.id === id);
const known = (kind: 'api' | 'issuer'): string[] =>
  entities
    .threadChanges()
    .filter((one) => one.kind === kind)
    .map(({ id }) => id);
/** Is the application subscribed to the given API? */
const isSubscribed = (): boolean => {
  const found = find('api', 'given');
  assert.ok(found?.kind === 'api');
  return reader.subscription(7, found.ordinal) >= 0;
};

test('a snapshot neither removes nor replaces what was given, and adds no APIs and issuers', () => {
  fixed.replace([api('other'), api('given', 'renamed'), issuer('i'), issuer('j'), policy('subscription|Gold', 99)]);
  assert.deepEqual([known('api'), known('issuer')], [['given'], ['i']]);
  const shop = find('api', 'given');
  assert.ok(shop?.kind === 'api' && shop.value?.name === 'shop');
  const gold = find('policy', 'subscription|Gold');
  assert.ok(gold?.kind === 'policy' && gold.value?.limit?.count === 1);
  fixed.replace([]);
  assert.deepEqual([known('api'), known('issuer')], [['given'], ['i']]);
});

test('changes do neither', () => {
  fixed.apply([
    { kind: 'api', id: 'given', value: null },
    { kind: 'issuer', id: 'i', value: null },
    { kind: 'policy', id: 'subscription|Gold', value: null },
    issuer('j'),
  ]);
  assert.deepEqual([known('api'), known('issuer')], [['given'], ['i']]);
  assert.notEqual(find('policy', 'subscription|Gold')?.value, null);
});

test('policies of subscriptions and applications come and go, those of resources are for the artifact to say', () => {
  fixed.apply([policy('subscription|New', 5), policy('resource|New', 5)]);
  assert.notEqual(find('policy', 'subscription|New'), undefined);
  assert.equal(find('policy', 'resource|New'), undefined);
});

test('subscriptions are tied by name and version, whichever comes first', () => {
  fixed.apply([application, subscription('theirs')]);
  assert.equal(isSubscribed(), false);
  fixed.apply([api('theirs', 'shop')]);
  assert.equal(isSubscribed(), true);
  fixed.apply([{ kind: 'subscription', id: 'to-theirs', value: null }]);
  assert.equal(isSubscribed(), false);
});

test('in a snapshot the order makes no difference, and the next one begins anew', () => {
  fixed.replace([subscription('theirs'), application, api('theirs', 'shop')]);
  assert.equal(isSubscribed(), true);
  fixed.replace([subscription('theirs'), application]);
  assert.equal(isSubscribed(), false);
  fixed.replace([subscription('theirs'), application, api('theirs', 'another')]);
  assert.equal(isSubscribed(), false);
});

test('"no limit" and the limit of those without credentials need no definition', () => {
  for (const id of ['resource|Unlimited', 'application|Unlimited', 'subscription|Unlimited']) {
    const found = find('policy', id);
    assert.ok(found?.kind === 'policy' && found.value?.limit === null, id);
  }
  assert.notEqual(find('policy', 'subscription|Unauthenticated'), undefined);
});

test('what is for a source to say can not be given', () => {
  assert.throws(() => new FixedEntities(entities, [application]), /application app: a microgateway is given/);
  assert.throws(() => new FixedEntities(entities, [{ kind: 'api', id: 'a', value: null }]), /api a/);
});
