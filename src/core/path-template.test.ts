import assert from 'node:assert/strict';
import { test } from 'node:test';
import { routeOf, templateProblem } from './path-template.ts';

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
  ['/a%2Fb', /no request can have "a%2Fb"/],
  ['/a\\b', /no request can have/],
  ['/./a', /no request can have "\."/],
  ['/a/%2E%2e', /no request can have/],
  ['/a/;v=1', /no request can have ";v=1"/],
  ['/a%00', /no request can have/],
  ['/\ud800', /no request can have/],
] as const)
  test(`${template} can't`, () => {
    const problem = templateProblem(template);
    assert.match(problem?.message ?? '', why);
    assert.notEqual(problem?.remedy, '');
  });

test('templates that are the same for a gateway have one route, others have their own', () => {
  for (const same of ['/a/{x}', '/a/{y}/', '//a//{x}', '/%61/{x}', '/a;v=1/{x}']) assert.equal(routeOf(same), '/a/{}');
  assert.equal(routeOf('/é'), routeOf('/%c3%a9'));
  assert.equal(routeOf('/"'), routeOf('/%22'));
  const others = ['/', '/*', '/a', '/A', '/a/*', '/a/b', '/a/{x}/b', '/a%7Bx%7D', '/%7B%7D'];
  assert.equal(new Set(others.map(routeOf)).size, others.length);
});
