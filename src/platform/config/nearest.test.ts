import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from './nearest.ts';

for (const [name, known, expected] of [
  ['stok', ['stock', 'stop'], 'stock'],
  ['STOCK', ['stick', 'stock'], 'stock'],
  ['tsock', ['stock'], 'stock'],
  ['stockk', ['stoc', 'stock'], 'stock'],
  ['stock', ['stockpile'], undefined],
  ['stockpile', ['stock'], undefined],
  ['x-wso2-mutual-tls', ['x-wso2-owner', 'x-wso2-mutual-ssl'], 'x-wso2-mutual-ssl'],
  ['entirely', ['else'], undefined],
  ['', ['ab', 'abc'], 'ab'],
] as const) {
  test(`by '${name}' of ${known.join(', ')} is meant ${expected ?? 'none'}`, () => {
    assert.equal(nearest(name, known), expected);
  });
}
