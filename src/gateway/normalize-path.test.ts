import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNormal, normalizePath } from './normalize-path.ts';

const cases: readonly [sent: string, normal: string | null][] = [
  ['/menu', '/menu'],
  ['/%6Denu', '/menu'],
  ['/%6denu/%7Ex', '/menu/~x'],
  ['//menu', '/menu'],
  ['/a///b/', '/a/b/'],
  ['/menu;v=1', '/menu'],
  ['/a;x/b;y=1', '/a/b'],
  ['/a%2fb', '/a%2Fb'],
  ['/caf%c3%a9', '/caf%C3%A9'],
  ['/', '/'],
  ['//', '/'],
  ['/a/../b', null],
  ['/a/%2e%2e/b', null],
  ['/a/%2E./b', null],
  ['/./a', null],
  ['/a/..', null],
  ['/a/..;x/b', null],
  ['/a\\b', null],
  ['/a%5Cb', null],
  ['/a%00', null],
  ['/a%0d%0ab', null],
  ['/a%', null],
  ['/a%2', null],
  ['/a%zz', null],
];

for (const [sent, normal] of cases) {
  test(`${sent} is ${normal === null ? 'refused' : `decided on as ${normal}`}`, () => {
    assert.equal(normalizePath(sent), normal);
    if (sent !== normal) assert.equal(isNormal(sent), false);
  });
}

test('a normal form is its own normal form', () => {
  for (const [, normal] of cases) if (normal !== null) assert.equal(normalizePath(normal), normal);
});

test('usual paths take the short way', () => {
  for (const path of ['/', '/pizzashack/1.0.0/menu', '/a/b-c_d~e', '/orders/1234']) assert.equal(isNormal(path), true);
});
