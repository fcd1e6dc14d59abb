import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zipSync } from 'fflate';
import { readZip, writeZip, ZipError } from './zip.ts';

const bytes = (text: string): Buffer => Buffer.from(text);

test('what was written is read again, and the same files give the same archive', () => {
  const files = new Map([
    ['b/c.txt', bytes('x'.repeat(10_000))],
    ['a.txt', bytes('')],
  ]);
  const archive = writeZip(files);
  assert.deepEqual(writeZip(new Map([...files].reverse())), archive);
  assert.deepEqual(
    [...readZip(archive)].map(([name, content]) => [name, content.length]),
    [
      ['a.txt', 0],
      ['b/c.txt', 10_000],
    ],
  );
});

test('paths that lead out of the archive are refused', () => {
  for (const name of ['../x', 'a/../../x', '/etc/x', 'a\\..\\x', 'C:x', 'a//b', './a']) {
    assert.throws(() => readZip(zipSync({ [name]: bytes('x') })), ZipError, name);
  }
});

test('a bomb is refused before it is unpacked, also one that lies about its size', () => {
  const bomb = zipSync({ a: new Uint8Array(2 << 20) });
  assert.throws(() => readZip(bomb, { bytes: 1 << 20 }), /larger than/);
  const lie = Buffer.from(bomb);
  const central = lie.indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
  lie.writeUInt32LE(10, central + 24);
  assert.throws(() => readZip(lie, { bytes: 1 << 20 }), /damaged/);
  const many = zipSync(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}`, bytes('')])));
  assert.throws(() => readZip(many, { files: 10 }), /20 entries/);
});

test('a damaged archive is refused, or its files are what they were, whichever byte it is', () => {
  const content = bytes(Array.from({ length: 300 }, (_, i) => `${i * i} `).join(''));
  const archive = Buffer.from(writeZip(new Map([['a/b.txt', content]])));
  let refused = 0;
  for (let at = 0; at < archive.length; at++) {
    const damaged = Buffer.from(archive);
    damaged[at] = (damaged[at] as number) ^ 0x5a;
    try {
      for (const file of readZip(damaged).values()) assert.deepEqual(file, content);
    } catch (error) {
      assert.ok(error instanceof ZipError, `byte ${at}: ${error}`);
      refused += 1;
    }
  }
  assert.ok(refused > archive.length / 2);
  assert.throws(() => readZip(bytes('not a zip at all, not a zip at all')), /no ZIP archive/);
  assert.throws(() => readZip(archive.subarray(0, archive.length - 30)), ZipError);
});
