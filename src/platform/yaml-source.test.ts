import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pointer, readYaml, segments } from './yaml-source.ts';

test('YAML and JSON become the same plain values, with the places of their parts', () => {
  const { source, problems } = readYaml('a: &x\n  b: 1\nc:\n  <<: *x\n  200: [yes, 2]\n"d": *x\n');
  assert.deepEqual(problems, []);
  assert.deepEqual(source?.value, { a: { b: 1 }, c: { b: 1, 200: ['yes', 2] }, d: { b: 1 } });
  assert.deepEqual(source?.position('/c/200/1'), { line: 5, column: 14 });
  assert.deepEqual(source?.position('/d/b'), { line: 2, column: 3 }, 'inside an alias: where it is written');
  assert.deepEqual(source?.position('/c/nope/deeper'), { line: 3, column: 1 }, 'what is not there: what would hold it');
  const { source: json } = readYaml('{"a": {"b": 1},\n\t"c": {"b": 1, "200": ["yes", 2]}, "d": {"b": 1}}');
  assert.deepEqual(json?.value, source?.value);
  assert.deepEqual(json?.position('/c'), { line: 2, column: 2 });
});

test('a number can be had as it is written', () => {
  const { source } = readYaml('version: 1.10');
  assert.deepEqual(source?.value, { version: 1.1 });
  assert.equal(source?.text('/version'), '1.10');
  assert.equal(source?.text('/nope'), undefined);
});

test('what JSON does not have is refused, each at its place', () => {
  const { source, problems } = readYaml('a: 1\na: 2\n__proto__: {x: 1}\n? [k]\n: 3\nn: .nan\nz: *nope\n<<: 7\n');
  assert.equal(source, null);
  assert.deepEqual(
    problems.map(({ place, position, message }) => `${position?.line} ${place} ${message}`),
    [
      "2 /a the key 'a' is there twice",
      "3  a key is called '__proto__'",
      '4  a key is no text',
      '6 /n NaN is no value that JSON has',
      "7 /z there is no anchor '&nope' before",
      "1  what '<<' merges is no object",
    ],
  );
});

const laughs = ['a: &a [x,x,x,x,x,x,x,x,x]'];
for (const [i, name] of [...'bcdefghij'].entries()) {
  laughs.push(`${name}: &${name} [${Array(9).fill(`*${'abcdefghij'[i]}`).join()}]`);
}

for (const [what, text, expected] of [
  ['a billion laughs', laughs.join('\n'), /more than 1000000 values/],
  [
    'a long text, a thousand times',
    `a: &a ${'x'.repeat(1e5)}\nb: [${'*a,'.repeat(1e3)}]`,
    /more than 8388608 characters/,
  ],
  [
    'a long key, a thousand times',
    `a: &a {${'k'.repeat(1e4)}: 1}\nb: [${'*a,'.repeat(1e3)}]`,
    /more than 8388608 char/,
  ],
  ['an alias inside itself', 'a: &a {b: *a}', /stands for something that contains it/],
  ['twenty thousand brackets', '['.repeat(20_000), /nested too deeply/],
  ['three hundred levels', '{"a":'.repeat(300) + '1'.padEnd(301, '}'), /more than 250 levels/],
  ['two documents', '--- a\n--- b\n', /more than one document/],
  ['5 MiB', `a: ${'x'.repeat(5 * 1024 * 1024)}`, /has 5242883 bytes/],
  ['four million brackets', '['.repeat(4_000_000), /nested too deeply/],
  ['two million brackets, and as many that close them', '['.repeat(2e6) + ']'.repeat(2e6), /nested too deeply/],
  ['two million numbers', `[${'1,'.repeat(2e6)}1]`, /more than 350000 lines, separators and brackets/],
  ['a million lists', '- 1\n'.repeat(1e6), /more than 350000 lines/],
  ['a million empty texts', `"" `.repeat(1e6), /more than 350000 lines/],
  ['a quotation without end', 'a: "b', /no valid YAML or JSON/],
] as const) {
  test(`${what}: one error, soon`, () => {
    const started = performance.now();
    const { source, problems } = readYaml(text);
    assert.equal(source, null);
    assert.equal(problems.length, 1);
    assert.match(problems[0]?.message ?? '', expected);
    assert.ok(performance.now() - started < 5000);
  });
}

test('hyphens and question marks inside of words cost nothing', () => {
  const text = `a: ${'well-known? yes! '.repeat(40_000)}`;
  assert.equal(String(Object.values(readYaml(text).source?.value ?? {})[0]).length, text.trim().length - 3);
});

test('fifty thousand keys of one object are read in less than ten seconds', () => {
  const text = Array.from({ length: 50_000 }, (_, i) => `k${i}: ${i}`).join('\n');
  const started = performance.now();
  assert.equal(Object.keys(readYaml(text).source?.value as object).length, 50_000);
  assert.ok(performance.now() - started < 10_000);
});

test('a pointer escapes what RFC 6901 says', () => {
  assert.equal(pointer('paths', '/a~b', 0), '/paths/~1a~0b/0');
  assert.deepEqual(segments('/paths/~1a~0b/0'), ['paths', '/a~b', '0']);
});
