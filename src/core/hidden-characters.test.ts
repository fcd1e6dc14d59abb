import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasHiddenCharacters } from './hidden-characters.ts';

test('controls, half pairs, separators and changes of direction are hidden', () => {
  for (const name of ['a\0', 'a\nb', '\u0007', 'a\u0085', 'a\ud800', 'a\u2028b', 'a\u202eb', 'a\u2066b']) {
    assert.equal(hasHiddenCharacters(name), true, JSON.stringify(name));
  }
});

test('what scripts need is not', () => {
  for (const name of ['', 'Pizza', '日本', '\u{1f355}', 'می\u200cخواهم', 'क्\u200dष', 'שלום\u200f']) {
    assert.equal(hasHiddenCharacters(name), false, JSON.stringify(name));
  }
});
