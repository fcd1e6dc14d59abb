import assert from 'node:assert/strict';
import { it } from 'node:test';
import { among, type Contender, type Contest } from './contest.ts';

const contender = (name: string): Contender => ({ name, pid: 1, load: () => ({ url: '', token: '', seconds: 1 }) });
const contest: Contest = { contenders: ['a', 'b', 'c'].map(contender), beside: ['b'], goals: [] };

it('only those that are named take part, in their order', () => {
  assert.deepEqual(
    among(contest, ['c', 'a']).contenders.map(({ name }) => name),
    ['a', 'c'],
  );
});

it('a name that nobody has is refused with those that there are', () => {
  assert.throws(() => among(contest, ['a', 'd']), /--contender: expected some of a, b, c; got d/);
});
