import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readForwarded, writeForwarded } from './forwarded.ts';

const read: readonly [rule: string, value: string, nodes: (string | undefined)[]][] = [
  ['one element', 'for=192.0.2.43', ['192.0.2.43']],
  [
    'several, with other parameters',
    'for=192.0.2.43;by=203.0.113.60, For=198.51.100.17',
    ['192.0.2.43', '198.51.100.17'],
  ],
  ['a quoted IPv6 with a port', 'For="[2001:db8:cafe::17]:4711"', ['[2001:db8:cafe::17]:4711']],
  ['a comma and a semicolon in quotes', 'host="a,b;c";for=1.2.3.4', ['1.2.3.4']],
  ['an escaped quote', 'by="a\\"b";for=_x', ['_x']],
  ['an element that does not say', 'proto=https, for=unknown', [undefined, 'unknown']],
  ['white space and empty elements', ' for=a ; proto=http\t,, for=b', ['a', undefined, 'b']],
];
for (const [rule, value, nodes] of read) {
  test(`read (RFC 7239 4: ${rule})`, () => assert.deepEqual(readForwarded(value), nodes));
}

for (const value of [
  'for',
  'for=',
  'for=a b',
  'for="a',
  'for=a"b"',
  'for=[::1]',
  'for=a;for=b',
  '=a',
  'for=1.2.3.4:80',
]) {
  test(`not read: ${value}`, () => assert.equal(readForwarded(value), null));
}

test('what is written can be read', () => {
  assert.equal(writeForwarded('192.0.2.1', 'h:80', 'https'), 'for=192.0.2.1;host="h:80";proto=https');
  assert.equal(writeForwarded('192.0.2.1', '', 'http'), 'for=192.0.2.1;proto=http');
  assert.equal(writeForwarded(''), 'for=unknown');
  const both = `${writeForwarded('2001:db8::1', '[::1]:80', 'http')}, ${writeForwarded('192.0.2.1')}`;
  assert.deepEqual(readForwarded(both), ['[2001:db8::1]', '192.0.2.1']);
});
