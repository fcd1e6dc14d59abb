import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Policies, policyId } from './policies.ts';

const gold = { level: 'subscription', name: 'Gold', limit: { count: 5, windowMs: 1000 }, stopOnQuota: true } as const;

test('a reference follows its policy: missing, there, changed, gone', () => {
  const policies = new Policies();
  const ref = policies.ref('subscription', 'Gold');
  assert.equal(ref.limit, undefined);
  policies.put(gold);
  assert.deepEqual(ref.limit, gold.limit);
  policies.put({ ...gold, limit: null, stopOnQuota: false });
  assert.deepEqual([ref.limit, ref.stopOnQuota], [null, false]);
  policies.delete(policyId('subscription', 'Gold'));
  assert.equal(ref.limit, undefined);
  assert.equal(policies.ref('application', 'Gold').limit, undefined, 'levels are apart');
});

test('Unlimited needs no policy', () => assert.equal(new Policies().ref('resource', 'Unlimited').limit, null));

test('a number is the policy that it was adopted for; who waits for it hears of it', async () => {
  const policies = new Policies();
  assert.equal(policies.at(3), undefined);
  const news = policies.news();
  policies.adopt(3, policyId('subscription', 'Gold'));
  await news;
  policies.put(gold);
  assert.deepEqual(policies.at(3)?.limit, gold.limit);
});
