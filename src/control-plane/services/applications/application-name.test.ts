import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isApplicationName } from './application-name.ts';

test('names of 1 to 100 characters that can be seen and told apart', () => {
  for (const name of ['a', 'My application', '日本', 'क्\u200dष', 'a'.repeat(100)])
    assert.ok(isApplicationName(name), name);
  for (const name of ['', ' ', ' a', 'a\t', 'a\0b', 'a\u202eb', 'a\ud800', 'a'.repeat(101)]) {
    assert.equal(isApplicationName(name), false, JSON.stringify(name));
  }
});
