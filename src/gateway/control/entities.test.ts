import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { Api } from '../../core/api.ts';
import type { EntityChange } from '../../core/snapshot.ts';
import { Fingerprinter, newFingerprintKey } from '../../platform/fingerprint.ts';
import type { ThreadChange } from '../data-plane/messages.ts';
import { RevokedSet } from '../revocation/revoked-set.ts';
import { identifyToken } from '../revocation/token-identity.ts';
import {
  applicationFingerprint,
  clientFingerprint,
  SubscriptionReader,
  SubscriptionTable,
  stateOf,
  tierOf,
} from '../subscriptions/subscription-table.ts';
import { Policies } from '../throttling/policies.ts';
import { Entities } from './entities.ts';

const fingerprinter = new Fingerprinter(newFingerprintKey());
let told: ThreadChange[];
let overflows: string[];
let refused: string[];
let revoked: RevokedSet;
let reader: SubscriptionReader;
let entities: Entities;

function make(capacity = 100): void {
  told = [];
  overflows = [];
  refused = [];
  revoked = new RevokedSet(fingerprinter, { capacity, overflow: () => overflows.push('gateway.revocation.capacity') });
  const table = new SubscriptionTable(capacity);
  reader = new SubscriptionReader(table.buffers);
  entities = new Entities({
    fingerprinter,
    revoked,
    table,
    publish: (changes) => void told.push(...changes),
    overflow: (option) => void overflows.push(option),
    refused: (change) => void refused.push(change.id),
  });
}
beforeEach(() => make());

const application = (id: string, ordinal: number, tier = 'Unlimited'): EntityChange => ({
  kind: 'application',
  id,
  value: { ordinal, id, name: id, owner: 'admin@carbon.super', tier },
});
const key = (id: string, applicationId: string): EntityChange => ({
  kind: 'key',
  id,
  value: { consumerKey: id, applicationId, keyType: 'SANDBOX' },
});
const subscription = (id: string, applicationId: string, apiId: string, tier = 'Gold'): EntityChange => ({
  kind: 'subscription',
  id,
  value: { id, apiId, applicationId, tier, state: 'BLOCKED' },
});
const api = (id: string): EntityChange => ({ kind: 'api', id, value: { id } as Api });
const gone = (kind: EntityChange['kind'], id: string): EntityChange => ({ kind, id, value: null }) as EntityChange;
const revocation = (jti: string): EntityChange => ({
  kind: 'revocation',
  id: `token|i|${jti}`,
  value: { type: 'token', issuer: 'i', value: jti, expires: 4e9 },
});

const findClient = (id: string): number => reader.findClient(clientFingerprint(fingerprinter, id));
const isRevoked = (jti: string): boolean => revoked.isRevoked(identifyToken(fingerprinter, { issuer: 'i', jti }));

/** What a thread makes of what it was told. */
function policyName(number: number): string | undefined {
  const change = [...entities.threadChanges()].find((one) => one.kind === 'policy' && one.number === number);
  return change?.id;
}

test('a consumer key leads to its application and the subscription, with their policies', () => {
  entities.apply([application('a', 7, '10PerMin'), key('k', 'a'), api('x'), subscription('s', 'a', 'x')]);
  const client = findClient('k');
  assert.equal(reader.applicationOf(client), 7);
  assert.equal(reader.keyTypeOf(client), 'SANDBOX');
  assert.equal(policyName(reader.applicationTierOf(client)), 'application|10PerMin');
  const ordinal = told.find((change) => change.kind === 'api')?.ordinal as number;
  const found = reader.subscription(7, ordinal);
  assert.equal(stateOf(found), 'BLOCKED');
  assert.equal(policyName(tierOf(found)), 'subscription|Gold');
  assert.equal(reader.subscription(8, ordinal), -1);
});

test('what is mentioned before it is known holds once it is', () => {
  entities.apply([key('k', 'a'), subscription('s', 'a', 'x')]);
  assert.equal(findClient('k'), -1);
  entities.apply([application('a', 7), api('x')]);
  assert.equal(reader.applicationOf(findClient('k')), 7);
  const ordinal = told.find((change) => change.kind === 'api')?.ordinal as number;
  assert.notEqual(reader.subscription(7, ordinal), -1);
});

test("a change of the application's tier reaches its keys", () => {
  entities.apply([application('a', 7, 'Small'), key('k', 'a')]);
  entities.apply([application('a', 7, 'Large')]);
  assert.equal(policyName(reader.applicationTierOf(findClient('k'))), 'application|Large');
});

test('what is deleted is not found any more; an application takes its keys and subscriptions with it', () => {
  entities.apply([application('a', 7), key('k', 'a'), key('l', 'a'), api('x'), subscription('s', 'a', 'x')]);
  const ordinal = told.find((change) => change.kind === 'api')?.ordinal as number;
  entities.apply([gone('key', 'k'), gone('subscription', 's')]);
  assert.equal(findClient('k'), -1);
  assert.notEqual(findClient('l'), -1);
  assert.equal(reader.subscription(7, ordinal), -1);
  entities.apply([subscription('t', 'a', 'x'), gone('application', 'a')]);
  assert.equal(findClient('l'), -1);
  assert.equal(reader.subscription(7, ordinal), -1);
});

test('a key that moves to another application leaves the first', () => {
  entities.apply([application('a', 7), application('b', 8), key('k', 'a')]);
  entities.apply([key('k', 'b')]);
  assert.equal(reader.applicationOf(findClient('k')), 8);
  entities.apply([gone('application', 'a')]);
  assert.equal(reader.applicationOf(findClient('k')), 8);
});

test('a snapshot replaces everything but revocations', () => {
  entities.apply([
    application('a', 7),
    key('k', 'a'),
    api('x'),
    api('y'),
    subscription('s', 'a', 'x'),
    revocation('r'),
  ]);
  told = [];
  entities.replace([application('a', 7), key('l', 'a'), api('y'), revocation('q')]);
  assert.equal(findClient('k'), -1);
  assert.notEqual(findClient('l'), -1);
  assert.ok(told.some((change) => change.kind === 'api' && change.id === 'x' && change.value === null));
  assert.deepEqual([isRevoked('r'), isRevoked('q'), isRevoked('p')], [true, true, false]);
  assert.deepEqual(
    entities
      .threadChanges()
      .filter(({ kind }) => kind === 'api')
      .map(({ id }) => id),
    ['y'],
  );
});

test('a snapshot in which a subscription was deleted and made again has it', () => {
  entities.apply([application('a', 7), key('k', 'a'), api('x'), subscription('s', 'a', 'x')]);
  const ordinal = told.find((change) => change.kind === 'api')?.ordinal as number;
  entities.replace([application('a', 7), key('k', 'a'), api('x'), subscription('t', 'a', 'x')]);
  assert.notEqual(reader.subscription(7, ordinal), -1);
  entities.apply([gone('subscription', 't')]);
  assert.equal(reader.subscription(7, ordinal), -1);
});

test('an entity that can not be used keeps no other out of a snapshot', () => {
  const broken = { kind: 'revocation', id: 'broken', value: { type: 'token' } } as unknown as EntityChange;
  entities.replace([broken, revocation('r')]);
  assert.deepEqual(refused, ['broken']);
  assert.equal(isRevoked('r'), true);
});

test('a decision for which there is no room is reported', () => {
  make(1);
  entities.apply([revocation('1'), revocation('2')]);
  assert.deepEqual(overflows, ['gateway.revocation.capacity']);
  entities.apply([application('a', 1), key('k', 'a'), key('l', 'a')]);
  assert.equal(overflows.length, 2);
});

test('a policy that is deleted is missing for threads, also for those that start later', () => {
  entities.apply([
    {
      kind: 'policy',
      id: 'subscription|Gold',
      value: { level: 'subscription', name: 'Gold', limit: { count: 5, windowMs: 1000 }, stopOnQuota: true },
    },
    gone('policy', 'subscription|Gold'),
  ]);
  const policies = new Policies();
  for (const change of entities.threadChanges()) {
    if (change.kind !== 'policy') continue;
    policies.adopt(change.number, change.id);
    if (change.value) policies.put(change.value);
    else policies.delete(change.id);
    assert.equal(policies.at(change.number)?.limit, undefined);
  }
});

test('a rule about an application holds for the one that has its name, whenever that comes, goes or changes', () => {
  const denied = (): number | null => {
    const change = told.findLast((one) => one.kind === 'deny');
    return change?.kind === 'deny' ? change.application : null;
  };
  const named = (name: string): EntityChange => ({
    kind: 'application',
    id: 'app',
    value: { ordinal: 5, id: 'app', name, owner: 'admin@carbon.super', tier: 'Unlimited' },
  });
  entities.apply([{ kind: 'deny', id: 'rule', value: { type: 'APPLICATION', value: 'admin@carbon.super:shop' } }]);
  assert.equal(denied(), null);
  entities.apply([named('shop')]);
  assert.equal(denied(), 5);
  entities.apply([named('store')]);
  assert.equal(denied(), null);
  entities.apply([named('shop')]);
  entities.apply([{ kind: 'application', id: 'app', value: null }]);
  assert.equal(denied(), null);
  told = [];
  entities.apply([{ kind: 'deny', id: 'rule', value: null }, named('shop')]);
  assert.deepEqual(
    told.filter((one) => one.kind === 'deny').map((one) => one.value),
    [null],
  );
});

test('a snapshot without a deny rule ends it', () => {
  entities.apply([{ kind: 'deny', id: 'rule', value: { type: 'USER', value: 'admin@carbon.super' } }]);
  assert.equal(entities.threadChanges().filter((one) => one.kind === 'deny').length, 1);
  entities.replace([]);
  assert.equal(entities.threadChanges().filter((one) => one.kind === 'deny').length, 0);
  assert.equal(told.findLast((one) => one.kind === 'deny')?.value, null);
});

test('an application is found by its id too, until it is gone', () => {
  const find = (): number => reader.findClient(applicationFingerprint(fingerprinter, 'a'));
  entities.apply([application('a', 7), key('k', 'a')]);
  assert.equal(reader.applicationOf(find()), 7);
  entities.apply([application('a', 7, 'Gold')]);
  assert.ok(reader.applicationTierOf(find()) >= 0);
  entities.apply([gone('application', 'a')]);
  assert.deepEqual([find(), findClient('k')], [-1, -1]);
});

test('a key of a foreign key manager is another one than ours of the same name', () => {
  const foreign = (issuer: string): EntityChange => ({
    kind: 'key',
    id: 'mapping',
    value: { consumerKey: 'k', applicationId: 'b', keyType: 'PRODUCTION', issuer },
  });
  const find = (issuer?: string): number => reader.findClient(clientFingerprint(fingerprinter, 'k', issuer));
  entities.apply([application('a', 1), application('b', 2), key('k', 'a'), foreign('i')]);
  assert.deepEqual([reader.applicationOf(find()), reader.applicationOf(find('i'))], [1, 2]);
  // Another issuer for the same mapping: the one before no longer has it.
  entities.apply([foreign('j')]);
  assert.deepEqual([find('i'), reader.applicationOf(find('j'))], [-1, 2]);
  entities.apply([gone('key', 'mapping')]);
  assert.deepEqual([find('j'), reader.applicationOf(find())], [-1, 1]);
});

test('the subscriptions to an API are found wherever they stand', () => {
  entities.apply([
    application('a', 1),
    subscription('s', 'a', 'x'),
    subscription('t', 'b', 'x'),
    subscription('u', 'b', 'y'),
  ]);
  assert.deepEqual(
    entities.subscriptionsTo('x').map(({ id }) => id),
    ['s', 't'],
  );
});
