import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuseManyValues } from './bounds.ts';

test('400 for JSON of more than 100,000 values, found before it is parsed', () => {
  for (const one of ['{}', '[]', '1', '"a"', '"\\\\"']) {
    assert.throws(() => refuseManyValues(`[${Array(100_001).fill(one).join(',')}]`), /more than 100000 values/, one);
  }
});

test('what stands inside a text is no value', () => {
  refuseManyValues(JSON.stringify({ text: `${',[{'.repeat(100_000)}"\\`, more: '\\"'.repeat(100_000) }));
});

test('a text without an end is left to the parser', () => {
  for (const text of ['"', '"\\', `"${'\\"'.repeat(300_000)}`, '{"a']) refuseManyValues(text);
});
