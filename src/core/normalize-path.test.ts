import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNormal, normalizePath, normalizeSegment } from './normalize-path.ts';

const cases: readonly [sent: string, normal: string | null][] = [
  ['/menu', '/menu'],
  ['/%6Denu', '/menu'],
  ['/%6denu/%7Ex', '/menu/~x'],
  ['//menu', '/menu'],
  ['/a///b/', '/a/b/'],
  ['/menu;v=1', '/menu'],
  ['/a;x/b;y=1', '/a/b'],
  ['/items%3Apurge', '/items:purge'],
  ['/a%20b%3d%2B', '/a%20b=+'],
  ['/a%3Bx', '/a%3Bx'],
  ['/a%2fb', null],
  ['/x%2F..%2Fadmin', null],
  ['/caf\u00e9', null],
  ['/a b', null],
  ['/menu#x', null],
  ['/a{b}|c', '/a%7Bb%7D%7Cc'],
  ['/a%7bb%7d%7Cc', '/a%7Bb%7D%7Cc'],
  ['/"<>[]^`', '/%22%3C%3E%5B%5D%5E%60'],
  ['a', null],
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

test('literals of templates are compared in the same form', () => {
  assert.equal(normalizeSegment('menü'), 'men%C3%BC');
  assert.equal(normalizeSegment('men%c3%bc'), 'men%C3%BC');
  assert.equal(normalizeSegment('items:purge'), 'items:purge');
  assert.equal(normalizeSegment('100%'), '100%25');
  assert.equal(normalizeSegment('a b'), 'a%20b');
});

test('a segment that no request can have has no such form', () => {
  for (const segment of ['a%2Fb', 'a\\b', '.', '..', '%2e', ';x', 'a\0', '%00', '\ud800']) {
    assert.equal(normalizeSegment(segment), null, JSON.stringify(segment));
  }
});

test('usual paths take the short way', () => {
  for (const path of ['/', '/pizzashack/1.0.0/menu', '/a/b-c_d~e', '/orders/1234', '/items:purge', '/a,b/'])
    assert.equal(isNormal(path), true);
});
