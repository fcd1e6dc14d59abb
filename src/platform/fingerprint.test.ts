import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { Fingerprinter, newFingerprintKey } from './fingerprint.ts';

const fixed = new Fingerprinter(new Uint8Array(32).fill(7));

function print(fingerprinter: Fingerprinter, kind: number, ...parts: string[]): string {
  const words = new Uint32Array(4);
  fingerprinter.write(words, 0, kind, ...parts);
  return [...words].map((word) => word.toString(16).padStart(8, '0')).join('');
}

test('is the first half of SHA-256 over key block, kind, number of parts and length-prefixed UTF-16 parts', () => {
  const message = Buffer.concat([
    Buffer.alloc(32, 7),
    Buffer.alloc(32),
    Buffer.from([9, 0]),
    Buffer.from([2, 0]),
    Buffer.from([2, 0, 0, 0]),
    Buffer.from('aé', 'utf16le'),
    Buffer.from([0, 0, 0, 0]),
  ]);
  const expected = createHash('sha256').update(message).digest('hex').slice(0, 32);
  assert.equal(print(fixed, 9, 'aé', ''), expected);
});

test('tells kinds, parts, divisions into parts and keys apart', () => {
  const prints = [
    print(fixed, 1, 'ab', 'c'),
    print(fixed, 2, 'ab', 'c'),
    print(fixed, 1, 'a', 'bc'),
    print(fixed, 1, 'abc'),
    print(fixed, 1, 'abc', ''),
    print(fixed, 1, '', 'abc'),
    print(fixed, 1, 'ab\0c'),
    print(fixed, 1),
    print(new Fingerprinter(new Uint8Array(32).fill(8)), 1, 'ab', 'c'),
  ];
  assert.equal(new Set(prints).size, prints.length);
});

test('tells lone surrogates apart, which JSON can carry and UTF-8 cannot', () => {
  assert.notEqual(print(fixed, 1, '\ud800'), print(fixed, 1, '\ud801'));
});

test('a longer string leaves no trace, and keeps the key', () => {
  const short = print(fixed, 1, 'short');
  const long = print(fixed, 1, 'x'.repeat(5000));
  assert.equal(print(fixed, 1, 'short'), short);
  assert.equal(print(fixed, 1, 'x'.repeat(5000)), long);
  assert.equal(print(new Fingerprinter(new Uint8Array(32).fill(7)), 1, 'x'.repeat(5000)), long);
});

test('writes exactly four words where asked', () => {
  const words = new Uint32Array(8);
  fixed.write(words, 2, 1, 'x');
  assert.deepEqual([words[0], words[1], words[6], words[7]], [0, 0, 0, 0]);
  assert.ok(words.subarray(2, 6).every((word) => word !== 0));
});

test('a key is 32 bytes in a buffer of its own; another length is an error', () => {
  const key = newFingerprintKey();
  assert.equal(key.buffer.byteLength, 32);
  assert.notDeepEqual(key, newFingerprintKey());
  assert.throws(() => new Fingerprinter(new Uint8Array(16)), /expected 32 bytes, got 16/);
});

test('what is remembered of messages that came before changes no fingerprint', () => {
  const key = new Uint8Array(32).fill(7);
  const kept = new Fingerprinter(key);
  const messages = Array.from({ length: 3000 }, (_, i): [string, string] => [
    'issuer',
    `user ${i % 2500}`.padEnd(i % 160, '.'),
  ]);
  for (const kind of [1, 2, 1]) {
    for (const parts of messages) assert.equal(print(kept, kind, ...parts), print(kept, kind, ...parts));
  }
  for (const parts of messages.slice(0, 300)) {
    assert.equal(print(kept, 1, ...parts), print(new Fingerprinter(key), 1, ...parts), parts[1]);
  }
});

test('messages that share a place, with the same units in another order or division, are told apart', () => {
  const alike = [['ab', ''], ['', 'ab'], ['a', 'b'], ['ba', ''], ['ab'], ['ab', '', '']];
  const prints = [0, 1].map(() => alike.map((parts) => print(fixed, 3, ...parts)));
  assert.deepEqual(prints[0], prints[1]);
  assert.equal(new Set(prints[0]).size, alike.length);
});
