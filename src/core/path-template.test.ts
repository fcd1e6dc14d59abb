import assert from 'node:assert/strict';
import { test } from 'node:test';
import { templateProblem } from './path-template.ts';

for (const template of [
  '/',
  '/*',
  '/order/{orderId}',
  '/{a}/{b}',
  '/files/*',
  '/a.b-c/~x:y',
  '/menu;v=1',
  '/{order id}',
])
  test(`${template} can be routed by`, () => assert.equal(templateProblem(template), null));

for (const [template, why] of [
  ['/{id}.json', /'\/{id}\.json'.*only a part/],
  ['/{a}-{b}', /only a part/],
  ['/v{version}/x', /only a part/],
  ['/{a}{b}', /only a part/],
  ['/files/*/x', /'\*' stands for all that is below/],
  ['/files*', /'\*' stands for/],
  ['/*/*', /'\*' stands for/],
  ['/{}', /is no path template/],
  ['/{a', /is no path template/],
  ['/a?b=c', /is no path template/],
  ['/a b', /is no path template/],
  ['/a#b', /is no path template/],
  ['orders', /doesn't begin with a slash/],
] as const)
  test(`${template} can't`, () => {
    const problem = templateProblem(template);
    assert.match(problem?.message ?? '', why);
    assert.notEqual(problem?.remedy, '');
  });
