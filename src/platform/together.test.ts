import assert from 'node:assert/strict';
import { test } from 'node:test';
import { together } from './together.ts';

test('what is asked for in one moment is done at once, at most so many, each with its own result', async () => {
  const seen: number[][] = [];
  const double = together(
    async (all: readonly number[]) => {
      seen.push([...all]);
      return all.map((one) => one * 2);
    },
    { most: 3 },
  );
  const results = await Promise.all([1, 2, 3, 4, 5].map(double));
  assert.deepEqual(results, [2, 4, 6, 8, 10]);
  assert.deepEqual(seen, [
    [1, 2, 3],
    [4, 5],
  ]);
});

test('what comes while others are worked on waits for them, and goes with what came since', async () => {
  const seen: number[][] = [];
  const first = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  const work = together(async (all: readonly number[]) => {
    seen.push([...all]);
    began.resolve();
    await first.promise;
    return all;
  });
  const one = work(1);
  await began.promise;
  const others = [work(2), work(3)];
  assert.deepEqual(seen, [[1]]);
  first.resolve();
  assert.deepEqual(await Promise.all([one, ...others]), [1, 2, 3]);
  assert.deepEqual(seen, [[1], [2, 3]]);
});

test('a failure is that of all who were there, and of nobody after', async () => {
  let fails = true;
  const work = together(async (all: readonly number[]) => {
    if (fails) throw new Error('broken');
    return all;
  });
  const settled = await Promise.allSettled([work(1), work(2)]);
  assert.deepEqual(
    settled.map((one) => one.status === 'rejected' && one.reason.message),
    ['broken', 'broken'],
  );
  fails = false;
  assert.equal(await work(3), 3);
});
