import assert from 'node:assert/strict';
import { test } from 'node:test';
import { queryParameter, withoutParameters } from './query-parameters.ts';

const cases: readonly [target: string, value: string | undefined, without: string][] = [
  ['/a', undefined, '/a'],
  ['/a?', undefined, '/a?'],
  ['/a?key', '', '/a'],
  ['/a?key=', '', '/a'],
  ['/a?key=x', 'x', '/a'],
  ['/a?b=1&key=x&c=2', 'x', '/a?b=1&c=2'],
  ['/a?k%65y=x%2Ey+z', 'x.y z', '/a'],
  ['/a?key=one&key=two', 'one', '/a'],
  ['/a?key=a=b', 'a=b', '/a'],
  ['/a?keys=1&akey=2', undefined, '/a?keys=1&akey=2'],
  ['/a?%zz=1&key=%zz', '%zz', '/a?%zz=1'],
  ['?key=x', 'x', ''],
];
for (const [target, value, without] of cases) {
  test(`in ${target} the key is ${value}, and without it ${without} is left`, () => {
    assert.equal(queryParameter(target, 'key'), value);
    assert.equal(withoutParameters(target, ['key']), without);
  });
}
