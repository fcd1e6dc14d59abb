import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Issuer } from '../../core/token.ts';
import { claimedSubscriptions, consumerKeyOf, renameClaims } from './claims.ts';

const issuer = (more: Partial<Issuer> = {}): Issuer => ({ issuer: 'i', keys: [], audience: null, ...more });

const consumerKeys: readonly [
  what: string,
  claims: Record<string, unknown>,
  of: Partial<Issuer>,
  key: string | null,
][] = [
  ['consumerKey goes before azp and client_id', { client_id: 'c', azp: 'b', consumerKey: 'a' }, {}, 'a'],
  ['azp goes before client_id', { client_id: 'c', azp: 'b' }, {}, 'b'],
  ['a single audience will do', { aud: 'd' }, {}, 'd'],
  ['so will a list of one', { aud: ['d'] }, {}, 'd'],
  ['of several audiences none is it', { aud: ['d', 'e'] }, {}, null],
  ['the gateway’s own audience is no client', { aud: 'gateway' }, { audience: 'gateway' }, null],
  ['the configured claim alone counts', { consumerKey: 'a' }, { consumerKeyClaim: 'app' }, null],
  [
    'the first of a list, if that is what is configured',
    { aud: ['d', 'e'], azp: 'b' },
    { consumerKeyClaim: 'aud' },
    'd',
  ],
  ['it has to be a text', { consumerKey: 7, azp: '', aud: null }, {}, null],
];
for (const [what, claims, of, key] of consumerKeys) {
  test(`consumer key: ${what}`, () => assert.equal(consumerKeyOf(claims, issuer(of)), key));
}

test('claims are renamed, two may change places, and registered ones keep their meaning', () => {
  const names = [
    { remote: 'a', local: 'b' },
    { remote: 'b', local: 'a' },
    { remote: 'evil', local: 'sub' },
    { remote: 'missing', local: 'scope' },
  ];
  assert.deepEqual(renameClaims({ a: 1, b: 2, evil: 'x', sub: 's', other: 'y' }, names), {
    a: 2,
    b: 1,
    sub: 's',
    other: 'y',
  });
});

test('a name that stands for another claim stands for none of the token’s own, also where the other is missing', () => {
  const names = [{ remote: 'scp', local: 'scope' }];
  assert.deepEqual(renameClaims({ scp: 'read', scope: 'admin' }, names), { scope: 'read' });
  assert.deepEqual(renameClaims({ scope: 'admin' }, names), {});
  assert.deepEqual(renameClaims({ scope: 'read' }, [{ remote: 'scope', local: 'scope' }]), { scope: 'read' });
});

test('the data decides unless the issuer is believed and the token says something', () => {
  const listing = { subscribedAPIs: [{ name: 'x', version: '1' }] };
  const of = (claims: Record<string, unknown>, more: Partial<Issuer>) =>
    claimedSubscriptions(claims, issuer(more), 'caller', ['subscribedAPIs']);
  assert.equal(of(listing, {}), null);
  assert.equal(of({}, { subscriptions: 'claim' }), null);
  assert.deepEqual(of(listing, { subscriptions: 'claim' })?.apis, [{ name: 'x', version: '1', tier: 'Unlimited' }]);
  assert.deepEqual(of({ application: {} }, { subscriptions: 'claim' })?.apis, []);
  assert.equal(of(listing, { subscriptions: 'none' })?.apis, null);
  // What is no list of APIs lists none.
  assert.deepEqual(of({ subscribedAPIs: [null, 7, { name: 'x' }, []] }, { subscriptions: 'claim' })?.apis, []);
});
