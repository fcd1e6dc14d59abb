import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressError } from '../../core/ip-address.ts';
import { TrustedProxies } from './trusted-proxies.ts';

const proxies = new TrustedProxies(
  ['10.0.0.0/8', '192.0.2.1', '198.51.100.3-198.51.100.5', '2001:db8::/32'],
  'x-forwarded-for',
);

const ask = (remoteAddress: string, chain?: string) => ({
  remoteAddress,
  header: (name: string) => (name === 'x-forwarded-for' ? chain : undefined),
});

test('addresses, blocks and ranges are trusted, others are not', () => {
  for (const address of [
    '10.0.0.0',
    '10.255.255.255',
    '192.0.2.1',
    '198.51.100.4',
    '2001:db8:ffff::1',
    '::ffff:10.1.1.1',
  ])
    assert.equal(proxies.trusts(address), true, address);
  for (const address of ['11.0.0.0', '9.255.255.255', '192.0.2.2', '198.51.100.6', '2001:db9::1', '', 'unknown'])
    assert.equal(proxies.trusts(address), false, address);
});

const chains: readonly [what: string, peer: string, chain: string | undefined, client: string][] = [
  ['no proxy: whatever it says', '203.0.113.9', '1.1.1.1', '203.0.113.9'],
  ['a proxy that says nothing', '10.0.0.1', undefined, '10.0.0.1'],
  ['a proxy that names the client', '10.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['a client that made something up', '10.0.0.1', '1.1.1.1, 203.0.113.9', '203.0.113.9'],
  ['two proxies', '10.0.0.1', '1.1.1.1, 203.0.113.9, 192.0.2.1', '203.0.113.9'],
  ['nothing but proxies', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
  ['a hop that is no address', '10.0.0.1', '203.0.113.9, unknown', '10.0.0.1'],
  ['a hop that is no address behind a proxy', '10.0.0.1', 'unknown, 10.0.0.2', '10.0.0.2'],
  ['a hop with a port', '10.0.0.1', '203.0.113.9:4711', '203.0.113.9'],
  ['IPv6 with a port', '10.0.0.1', '[2001:db9::1]:80', '2001:db9::1'],
  ['IPv6', '10.0.0.1', '2001:db9::1', '2001:db9::1'],
  ['empty', '10.0.0.1', '', '10.0.0.1'],
];
for (const [what, peer, chain, client] of chains) {
  test(`who asks: ${what}`, () => assert.equal(proxies.clientOf(ask(peer, chain)), client));
}

test('they are believed in the one field only', () => {
  const other = new TrustedProxies(['10.0.0.1'], 'forwarded');
  const fields: Record<string, string> = {
    'x-forwarded-for': '1.1.1.1',
    forwarded: 'for="[2001:db9::1]:80";proto=https',
  };
  const header = (name: string) => fields[name];
  assert.equal(other.clientOf({ remoteAddress: '10.0.0.1', header }), '2001:db9::1');
  assert.equal(
    new TrustedProxies(['10.0.0.1'], 'x-forwarded-for').clientOf({ remoteAddress: '10.0.0.1', header }),
    '1.1.1.1',
  );
  fields.forwarded = 'for=1.1.1.1 2';
  assert.equal(other.clientOf({ remoteAddress: '10.0.0.1', header }), '10.0.0.1', 'what can not be read says nothing');
});

for (const range of [
  '',
  'here',
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.0.0.0/8/8',
  '::/129',
  '10.0.0.9-10.0.0.1',
  '1.1.1.1-2.2.2.2-3.3.3.3',
])
  test(`no range: ${range}`, () => assert.throws(() => new TrustedProxies([range], 'forwarded'), AddressError));
