import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Fingerprinter, newFingerprintKey } from '../../platform/fingerprint.ts';
import { RevokedSet } from '../revocation/revoked-set.ts';
import { identifyToken } from '../revocation/token-identity.ts';
import { readFingerprintKey, readRevocations, writeRevocations } from './revocations-file.ts';

const dir = mkdtempSync(join(tmpdir(), 'postern-revocations-'));
after(() => rmSync(dir, { recursive: true, force: true }));
const file = join(dir, 'revocations.bin');
const key = newFingerprintKey();
const now = 1_800_000_000_000;
const expires = now / 1000 + 60;
const issuer = 'i';
/** As many as fill two chunks and a part of a third. */
const count = 20_000;

const newSet = (of = key) => new RevokedSet(new Fingerprinter(of), { capacity: 50_000 });
function filledSet(): RevokedSet {
  const set = newSet();
  for (let n = 0; n < count; n++) set.add({ type: 'token', issuer, value: `t${n}`, expires });
  return set;
}
const isRevoked = (set: RevokedSet, jti: string): boolean =>
  set.isRevoked(identifyToken(new Fingerprinter(key), { issuer, jti }));
async function read(of = key) {
  const set = newSet(of);
  return { set, ...(await readRevocations(file, of, set, now)) };
}

test('what is written is read again, with its times; only its owner may read it', async () => {
  const set = filledSet();
  set.add({ type: 'subject', issuer, value: 's', issuedBefore: 1000, expires });
  await writeRevocations(file, { key, edition: 7 }, set, now);
  const later = await read();
  assert.deepEqual([later.state, later.edition, later.set.size], ['whole', 7, count + 1]);
  for (let n = 0; n < count; n += 97) assert.equal(isRevoked(later.set, `t${n}`), true);
  assert.equal(isRevoked(later.set, 'another'), false);
  const of = (iat: number) => identifyToken(new Fingerprinter(key), { issuer, jti: 'j', sub: 's', iat });
  assert.deepEqual([later.set.isRevoked(of(1000)), later.set.isRevoked(of(1001))], [true, false]);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readFingerprintKey(file), key);
  // The expiry has been kept too.
  later.set.sweep((expires + 3600) * 1000 - 1, 200_000);
  assert.equal(later.set.size, count + 1);
  later.set.sweep((expires + 3600) * 1000, 200_000);
  assert.equal(later.set.size, 0);
});

test('what has expired for an hour is neither written nor read', async () => {
  const set = filledSet();
  set.add({ type: 'token', issuer, value: 'old', expires: now / 1000 - 3600 });
  await writeRevocations(file, { key, edition: 7 }, set, now);
  assert.equal((await read()).set.size, count);
  const later = newSet();
  assert.deepEqual(await readRevocations(file, key, later, (expires + 3600) * 1000), { state: 'whole', edition: 7 });
  assert.equal(later.size, 0);
});

test('a damaged chunk hides no other, wherever it is, and is never believed', async () => {
  await writeRevocations(file, { key, edition: 7 }, filledSet(), now);
  const whole = readFileSync(file);
  const chunk = 12 + 8192 * 24;
  const rows: readonly [string, number, number][] = [
    ['the first chunk', 64 + 500, count - 8192],
    ['the count of the first', 64, count - 8192],
    ['the second', 64 + chunk + 12, count - 8192],
    ['the last, which is short', 64 + 2 * chunk + 20, 2 * 8192],
    ['the end', whole.length - 6, count],
  ];
  for (const [what, at, left] of rows) {
    const bytes = Buffer.from(whole);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 0x40, at);
    writeFileSync(file, bytes);
    const { state, set } = await read();
    assert.deepEqual([state, set.size], ['damaged', left], what);
  }
  // A whole chunk that is missing shows in the count.
  writeFileSync(file, Buffer.concat([whole.subarray(0, 64), whole.subarray(64 + chunk)]));
  const { state, set } = await read();
  assert.deepEqual([state, set.size], ['damaged', count - 8192]);
});

test('with another key it is of no use, and no file is no key', async () => {
  await writeRevocations(file, { key, edition: 7 }, filledSet(), now);
  const other = await read(newFingerprintKey());
  assert.deepEqual([other.state, other.set.size], ['damaged', 0]);
  rmSync(file);
  assert.deepEqual([(await read()).state, readFingerprintKey(file)], ['missing', null]);
});

test('what was there before is written, whatever is added and let go of meanwhile', async () => {
  const set = filledSet();
  const writing = writeRevocations(file, { key, edition: 7 }, set, now);
  for (let n = 0; n < 200; n++) {
    set.add({ type: 'token', issuer, value: `new ${n}`, expires });
    await new Promise(setImmediate);
  }
  await writing;
  const later = await read();
  assert.equal(later.state, 'whole');
  for (let n = 0; n < count; n += 7) assert.equal(isRevoked(later.set, `t${n}`), true);
});
