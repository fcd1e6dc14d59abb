import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DefinitionReader, TooManyDefinitionsError } from './read-apart.ts';
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

test('while one is read, others wait; what is more than the limit has no turn, and no problem either', async () => {
  for (const limits of [{ waiting: 2 }, { waitingOfUser: 2 }]) {
    const reader = new DefinitionReader(limits);
    // The first begins at once.
    const asked = [1, 2, 3].map(() => reader.read(small, 'small.json', 'jane'));
    await assert.rejects(reader.read(small, 'small.json', 'jane'), TooManyDefinitionsError);
    const titles = (await Promise.all(asked)).map(({ document }) => document?.title);
    assert.deepEqual(titles, ['Small', 'Small', 'Small']);
  }
});

test('users have turns: of many definitions of one user, another waits for a single one', async () => {
  const reader = new DefinitionReader();
  const order: string[] = [];
  const read = (user: string) => reader.read(small, 'small.json', user).then(() => void order.push(user));
  await Promise.all([...['many', 'many', 'many', 'many', 'few', 'other', 'few'].map(read)]);
  assert.deepEqual(order, ['many', 'many', 'few', 'other', 'many', 'few', 'many']);
});

test('who has waited too long has no turn any more, and the next one is read', async () => {
  const reader = new DefinitionReader({ time: 300, patience: 100 });
  await reader.read(small, 'small.json');
  const first = reader.read(large, 'large.json');
  await assert.rejects(reader.read(small, 'small.json'), /waited too long/);
  assert.match((await first).problems[0]?.message ?? '', /too large or too deep/);
  assert.equal((await reader.read(small, 'small.json')).document?.title, 'Small');
});
