import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ResourceTree } from './resource-tree.ts';

function tree(...templates: string[]): ResourceTree<string> {
  const made = new ResourceTree<string>();
  for (const template of templates) made.at(template, () => template);
  return made;
}

const shop = tree(
  '/',
  '/menu',
  '/order',
  '/order/{id}',
  '/order/latest',
  '/order/{id}/items/{item}',
  '/files/*',
  '/a/{x}/c',
);

const cases: readonly [path: string, template: string | null][] = [
  ['', '/'],
  ['/', '/'],
  ['/menu', '/menu'],
  ['/menu/', '/menu'],
  ['/menu/x', null],
  ['/order/17', '/order/{id}'],
  ['/order/latest', '/order/latest'],
  ['/order/17/items/3', '/order/{id}/items/{item}'],
  ['/order/latest/items/3', '/order/{id}/items/{item}'],
  ['/order/17/items', null],
  ['/files', '/files/*'],
  ['/files/', '/files/*'],
  ['/files/a/b/c', '/files/*'],
  ['/nothing', null],
  ['/a/b/c', '/a/{x}/c'],
];

for (const [path, template] of cases) {
  test(`${path || '(nothing)'} leads to ${template ?? 'nothing'}`, () => assert.equal(shop.find(path, 0), template));
}

test('a search begins where the base path ends', () => assert.equal(shop.find('/shop/1.0/menu', 9), '/menu'));

test('everything else is caught by /*', () => {
  const caught = tree('/*', '/menu', '/order/{id}/x');
  assert.equal(caught.find('/menu', 0), '/menu');
  assert.equal(caught.find('/other/deep', 0), '/*');
  assert.equal(caught.find('/order/1', 0), '/*');
  assert.equal(caught.find('', 0), '/*');
});
