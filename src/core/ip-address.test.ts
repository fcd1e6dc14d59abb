import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import { AddressError, addressBlock, addressRange, comparableAddress } from './ip-address.ts';

test('spellings of one address are one', () => {
  assert.equal(comparableAddress('10.0.0.1'), comparableAddress('::ffff:10.0.0.1'));
  assert.equal(comparableAddress('::ffff:0a00:0001'), comparableAddress('10.0.0.1'));
  assert.equal(comparableAddress('2001:DB8::1'), comparableAddress('2001:db8:0:0:0:0:0:1'));
  assert.equal(comparableAddress('::'), '0'.repeat(32));
});

test('their order is that of addresses', () => {
  const ascending = ['9.255.255.255', '10.0.0.9', '10.0.0.10', '10.0.1.0', '200.0.0.0', '2001:db8::9', '2001:db8::10'];
  const compared = ascending.map((text) => comparableAddress(text) as string);
  assert.deepEqual(compared.toSorted(), compared);
});

test('what is no address is none', () => {
  const texts = ['', '1', '1.2.3', '1.2.3.4.5', '256.1.1.1', '01.2.3.4', '1.2.3.4 ', 'a.b.c.d', ':', ':::', '1::2::3'];
  texts.push(
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '12345::',
    'fe80::1%eth0',
    '::1.2.3',
    'localhost',
  );
  for (const text of texts) {
    assert.equal(comparableAddress(text), null, text);
    // Node takes zones, and so `::` for no group.
    if (!text.includes('%') && text !== '1:2:3:4:5:6:7::8') assert.equal(isIP(text), 0, text);
  }
});

test('a range has both its ends, and addresses of one kind', () => {
  const contains = addressRange('10.0.0.9', '10.0.1.10');
  for (const [address, isIn] of [
    ['10.0.0.8', false],
    ['10.0.0.9', true],
    ['::ffff:10.0.1.0', true],
    ['10.0.1.10', true],
    ['10.0.1.11', false],
  ] as const) {
    assert.equal(contains(comparableAddress(address) as string), isIn, address);
  }
  assert.throws(() => addressRange('10.0.0.2', '10.0.0.1'), /after its end/);
  assert.throws(() => addressRange('10.0.0.1', '2001:db8::1'), /of one kind/);
  assert.throws(() => addressRange('10.0.0.1', 'localhost'), /"localhost" is no IP address/);
});

test('a block holds what has its first bits, of its own kind', () => {
  const in8 = addressBlock('10.1.2.3/8');
  const inOf = (block: string, address: string) => addressBlock(block)(comparableAddress(address) as string);
  for (const address of ['10.0.0.0', '10.255.255.255']) assert.ok(in8(comparableAddress(address) as string));
  for (const address of ['9.255.255.255', '11.0.0.0', '::a00:1']) assert.ok(!in8(comparableAddress(address) as string));
  assert.ok(inOf('0.0.0.0/0', '255.255.255.255'));
  assert.ok(!inOf('0.0.0.0/0', '2001:db8::1'));
  assert.ok(inOf('10.0.0.1/32', '10.0.0.1') && !inOf('10.0.0.1/32', '10.0.0.2'));
  assert.ok(inOf('2001:db8::/33', '2001:db8:7fff::1') && !inOf('2001:db8::/33', '2001:db8:8000::1'));
  for (const text of ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/', '::/129', '10.0.0.0/-1', '10.0.0.0/8/8', 'x/8'])
    assert.throws(() => addressBlock(text), AddressError, text);
});
