import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProblemList } from './problem-list.ts';
import { namesIn, type Raw, References } from './references.ts';

for (const [reference, names] of [
  ['#', []],
  ['#/paths/~1a~1{id}', ['paths', '/a/{id}']],
  ['#/paths/~1a~01', ['paths', '/a~1']],
  ['#/components/schemas/A%20B', ['components', 'schemas', 'A B']],
  ['#/paths/~1%zz', ['paths', '/%zz']],
  ['#anchor', undefined],
  ['other.yaml#/a', undefined],
  ['https://books.example/#/a', undefined],
] as const)
  test(`${reference} leads over ${names ? JSON.stringify(names) : 'nothing in the document'}`, () => {
    assert.deepEqual(namesIn(reference), names);
  });

/** `r0` refers to `r1`, and so on; the last one is an object. */
function chain(hops: number): { references: References; problems: ProblemList; first: Raw } {
  const root: Record<string, Raw> = {};
  for (let i = 0; i < hops; i++) root[`r${i}`] = { $ref: `#/r${i + 1}` };
  root[`r${hops}`] = { summary: 'the end' };
  const problems = new ProblemList('chain.json', null);
  return { references: new References(root, problems), problems, first: { $ref: '#/r0' } };
}

test('a reference leads over nine others, and no further', () => {
  const near = chain(9);
  assert.deepEqual(near.references.object(near.first, '/a', 'it'), { summary: 'the end' });
  assert.equal(near.problems.hasErrors, false);
  const far = chain(10);
  assert.equal(far.references.object(far.first, '/a', 'it'), undefined);
  assert.match(far.problems.all[0]?.message ?? '', /leads over more than 10 others/);
});

test('what stands beside references is added, that of the first before the others', () => {
  const root = { a: { $ref: '#/b', summary: 'a', x: 1 }, b: { summary: 'b', get: {} } };
  const references = new References(root, new ProblemList('beside.json', null));
  const found = references.object({ $ref: '#/a', summary: 'own' }, '', 'it');
  assert.deepEqual(found, { get: {}, summary: 'own', x: 1 });
});

test('a chain of 8,000 references is followed from each of its links in a moment', () => {
  const { references, problems } = chain(8000);
  const started = performance.now();
  for (let i = 0; i < 8000; i++) references.object({ $ref: `#/r${i}` }, `/paths/${i}`, 'it');
  references.check();
  assert.equal(problems.hasErrors, true);
  assert.ok(performance.now() - started < 2000);
});
