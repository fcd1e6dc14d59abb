import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareVersions } from './version-order.ts';

test('versions from the oldest to the newest', () => {
  const expected = ['0.9', 'v1', '1.0.0-alpha', '1.0.0-beta', '1.0.0', '1.0.1', '1.9', '1.10', 'v2', '2.0'];
  const shuffled = [...expected].reverse();
  assert.deepEqual(shuffled.sort(compareVersions), expected);
  assert.equal(compareVersions('v1.0', '1.0'), 0);
});
