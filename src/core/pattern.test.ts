import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PatternError, parsePattern } from './pattern.ts';

test('finds what JavaScript finds', () => {
  const random = generator(7);
  let compared = 0;
  for (let i = 0; i < 4000; i++) {
    const source = randomPattern(random, 3);
    let pattern: ReturnType<typeof parsePattern>;
    try {
      pattern = parsePattern(source);
    } catch (error) {
      assert.ok(error instanceof PatternError);
      continue;
    }
    const expression = new RegExp(source);
    for (let k = 0; k < 5; k++) {
      const text = Array.from({ length: Math.floor(random() * 8) }, () => pick(random, 'abc1 -\n')).join('');
      assert.equal(pattern.isFoundIn(text), expression.test(text), `/${source}/ in ${JSON.stringify(text)}`);
      compared++;
    }
  }
  assert.ok(compared > 10_000, `${compared}`);
});

test('takes linear time where backtracking takes for ever', () => {
  for (const source of ['^(a+)+$', '^(a|a)*$', '^(a*)*b$', 'a.*a.*a.*a.*a.*b$']) {
    const pattern = parsePattern(source);
    const began = performance.now();
    assert.equal(pattern.isFoundIn(`${'a'.repeat(1000)}!`), false, source);
    assert.ok(performance.now() - began < 500, source);
  }
});

test('repetitions of nothing take no time', () => {
  const began = performance.now();
  const pattern = parsePattern(`^${'('.repeat(8)}${'){500}'.repeat(8)}(a{0}){300}b$`);
  assert.deepEqual([pattern.isFoundIn('b'), pattern.isFoundIn('ab')], [true, false]);
  assert.ok(performance.now() - began < 100);
});

test('says what is wrong with a pattern', () => {
  for (const [source, why] of [
    ['(a', /"\)" is missing/],
    ['a)', /has no "\("/],
    ['[a', /"\]" is missing/],
    ['*a', /nothing to repeat/],
    ['a**', /nothing to repeat/],
    ['(?=a)', /only "\(\?:"/],
    ['(a)\\1', /"\\1" is not known/],
    ['\\bword', /"\\b" is not known/],
    ['[z-a]', /out of order/],
    ['a{3,1}', /out of order/],
    ['a{1000000}', /repetitions/],
    ['((a{50}){50}){50}', /too large/],
    ['a\\', /backslash/],
    ['{', /literal/],
    ['('.repeat(200), /nested/],
  ] as const) {
    assert.throws(() => parsePattern(source), why, source);
  }
});

function randomPattern(random: () => number, depth: number): string {
  const atom = (): string => {
    const kind = random();
    if (kind < 0.5 || depth === 0) return pick(random, 'abc1');
    if (kind < 0.6) return pick(random, ['.', '\\d', '\\w', '\\s', '\\W', '\\-']);
    if (kind < 0.7) return pick(random, ['[ab]', '[^a]', '[a-c1]', '[-a]', '[\\d-]', '[^\\s]']);
    if (kind < 0.75) return pick(random, ['^', '$']);
    return `(${random() < 0.5 ? '?:' : ''}${randomPattern(random, depth - 1)})`;
  };
  const repeated = (): string => {
    const text = atom();
    if (text === '^' || text === '$' || random() < 0.6) return text;
    return text + pick(random, ['*', '+', '?', '{2}', '{1,2}', '{0,}', '*?', '{0}']);
  };
  const sequence = (): string => Array.from({ length: 1 + Math.floor(random() * 3) }, repeated).join('');
  return random() < 0.25 ? `${sequence()}|${sequence()}` : sequence();
}

function pick<T>(random: () => number, from: string | readonly T[]): T | string {
  return from[Math.floor(random() * from.length)] as T;
}

/** Numbers from 0 to 1 that are the same at each run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
