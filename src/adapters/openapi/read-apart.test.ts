import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DefinitionReader } from './read-apart.ts';
import { readOpenApi } from './read-open-api.ts';

const small = JSON.stringify({
  openapi: '3.0.1',
  info: { title: 'Small', version: '1' },
  paths: { '/a': { get: { responses: {} } } },
});
const large = JSON.stringify({
  openapi: '3.0.1',
  info: { title: 'Large', version: '1' },
  paths: {},
  'x-data': new Array(330_000).fill(1),
});

test('a definition is read as in the thread that asks', async () => {
  const reader = new DefinitionReader();
  const { document, problems } = await readOpenApi(small, 'small.json');
  assert.deepEqual(await reader.read(small, 'small.json'), { document, problems });
  const broken = await reader.read('{', 'broken.json');
  assert.equal(broken.document, null);
  assert.equal(broken.problems[0]?.file, 'broken.json');
});

test('what takes too long is refused', async () => {
  const { document, problems } = await new DefinitionReader({ time: 50 }).read(large, 'large.json');
  assert.equal(document, null);
  assert.match(problems[0]?.message ?? '', /too large or too deep to be read in time/);
});

test('what takes too much memory is refused, and the next one is read', async () => {
  const reader = new DefinitionReader({ memory: 60 });
  const [refused, next] = await Promise.all([reader.read(large, 'large.json'), reader.read(small, 'small.json')]);
  assert.match(refused.problems[0]?.message ?? '', /too large or too deep/);
  assert.equal(next.document?.title, 'Small');
});

test('while one is read, others wait; more than the limit are refused', async () => {
  const reader = new DefinitionReader({ waiting: 2 });
  const answers = await Promise.all([1, 2, 3].map(() => reader.read(small, 'small.json')));
  assert.deepEqual(
    answers.map(({ document }) => document?.title),
    ['Small', 'Small', undefined],
  );
  assert.match(answers[2]?.problems[0]?.message ?? '', /waiting to be read already/);
});
