import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Memo } from './memo.ts';

test('what was made of a text is made once, until there are too many', () => {
  const made: string[] = [];
  const memo = new Memo(2, (text) => {
    made.push(text);
    return { text };
  });
  const first = memo.get('a');
  assert.equal(memo.get('a'), first);
  memo.get('b');
  assert.equal(memo.get('a'), first);
  assert.equal(memo.get('c').text, 'c');
  assert.notEqual(memo.get('a'), first);
  assert.deepEqual(made, ['a', 'b', 'c', 'a']);
});

test('of a text nothing may come, which is remembered too, and a long text is not kept', () => {
  let calls = 0;
  const memo = new Memo<null>(10, () => {
    calls++;
    return null;
  });
  memo.get('bad');
  memo.get('bad');
  assert.equal(calls, 1);
  const long = 'x'.repeat(1001);
  memo.get(long);
  memo.get(long);
  assert.equal(calls, 3);
});
