import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openSeal, SealError } from './seal.ts';

const place = () => join(mkdtempSync(join(tmpdir(), 'postern-seal-')), 'store.key');

test('the key is made once, for its owner only, and leaves no draft', () => {
  const file = place();
  const sealed = openSeal(file).seal('secret', 'client-secret', 'k1');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(join(file, '..')), ['store.key']);
  assert.equal(openSeal(file).open(sealed, 'client-secret', 'k1'), 'secret');
});

test('a sealed text opens only unchanged, in its own context and under its own key', () => {
  const seal = openSeal(place());
  const sealed = seal.seal('sécret', 'client-secret', 'k1');
  assert.equal(seal.open(sealed, 'client-secret', 'k1'), 'sécret');
  assert.notEqual(seal.seal('sécret', 'client-secret', 'k1'), sealed);
  assert.throws(() => seal.open(sealed, 'client-secret', 'k2'), SealError);
  assert.throws(() => seal.open(sealed, 'client-secretk', '1'), SealError);
  const bytes = Buffer.from(sealed, 'base64url');
  bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
  assert.throws(() => seal.open(bytes.toString('base64url'), 'client-secret', 'k1'), SealError);
  assert.throws(() => seal.open('', 'client-secret', 'k1'), SealError);
  assert.throws(() => openSeal(place()).open(sealed, 'client-secret', 'k1'), SealError);
});

test('what is derived depends on the key, the purpose and where one part ends', () => {
  const file = place();
  const seal = openSeal(file);
  assert.equal(seal.derive('opaque', 'id', 'nonce'), openSeal(file).derive('opaque', 'id', 'nonce'));
  assert.match(seal.derive('opaque', 'id', 'nonce'), /^[A-Za-z0-9_-]{43}$/);
  const others = [
    seal.derive('refresh', 'id', 'nonce'),
    seal.derive('opaque', 'idn', 'once'),
    openSeal(place()).derive('opaque', 'id', 'nonce'),
  ];
  assert.equal(new Set([seal.derive('opaque', 'id', 'nonce'), ...others]).size, 4);
});

test('a key file that others may read is refused with the way out', () => {
  const file = place();
  openSeal(file);
  chmodSync(file, 0o640);
  assert.throws(() => openSeal(file), /mode 640.*chmod 600/);
});

test('a malformed key file is refused and left as it is', () => {
  for (const content of ['', 'short\n', `${'A'.repeat(42)}=\n`, `${'!'.repeat(43)}\n`]) {
    const file = place();
    writeFileSync(file, content, { mode: 0o600 });
    assert.throws(() => openSeal(file), /malformed; expected 32 bytes in base64url/);
    assert.equal(readFileSync(file, 'latin1'), content);
  }
});

test('a key that can not be made says where', () => {
  assert.throws(() => openSeal('/nonexistent/store.key'), /\/nonexistent\/store\.key can't be made/);
});
