import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { never, type Revocation } from '../../core/revocation.ts';
import { Fingerprinter } from '../../platform/fingerprint.ts';
import { RevokedSet, RevokedSetReader } from './revoked-set.ts';
import { identifyToken, type TokenNames } from './token-identity.ts';

const fingerprinter = new Fingerprinter(new Uint8Array(32).fill(3));
const issuer = 'https://localhost:9443/oauth2/token';
const now = 1_800_000_000;
const expires = now + 3600;

function newSet(capacity = 1000) {
  const writer = new RevokedSet(fingerprinter, { capacity });
  const reader = new RevokedSetReader(writer.buffers);
  const isRevoked = (names: Partial<TokenNames> = {}) =>
    reader.isRevoked(
      identifyToken(fingerprinter, {
        issuer,
        jti: 'j1',
        sub: 'alice',
        clientId: 'c1',
        iat: now,
        ...names,
      } as TokenNames),
    );
  return { writer, reader, isRevoked };
}

function revocation(type: Revocation['type'], value: string, more: Partial<Revocation> = {}): Revocation {
  const own = type === 'unnamed' || type === 'opaque' ? '' : issuer;
  return { type, issuer: own, value, expires, ...more };
}

test('a token is revoked by its jti and issuer together', () => {
  const { writer, isRevoked } = newSet();
  assert.equal(isRevoked(), false);
  assert.equal(writer.add(revocation('token', 'j1')), true);
  assert.equal(isRevoked(), true);
  assert.equal(isRevoked({ jti: 'j2' }), false);
  assert.equal(isRevoked({ issuer: 'https://elsewhere' }), false);
});

test('each type covers its own kind of identity only', () => {
  const types = ['token', 'unnamed', 'opaque', 'subject', 'client'] as const;
  for (const type of types) {
    const { writer, reader } = newSet();
    writer.add(revocation(type, 'x'));
    const found = {
      token: { issuer, jti: 'x' },
      unnamed: { issuer, unnamedHash: 'x' },
      opaque: { issuer, opaqueHash: 'x' },
      subject: { issuer, jti: 'other', sub: 'x' },
      client: { issuer, jti: 'other', clientId: 'x' },
    };
    const revoked = types.filter((key) => reader.isRevoked(identifyToken(fingerprinter, found[key])));
    assert.deepEqual(revoked, [type]);
  }
});

test('a subject without issuedBefore is revoked whenever its tokens were issued', () => {
  const { writer, isRevoked } = newSet();
  writer.add(revocation('subject', 'alice'));
  assert.equal(isRevoked({ iat: now + 1_000_000 }), true);
  assert.equal(isRevoked({ iat: undefined }), true);
  assert.equal(isRevoked({ sub: 'bob' }), false);
  assert.equal(isRevoked({ sub: undefined }), false);
});

test('issuedBefore denies up to and including its second, and tokens that do not say when', () => {
  for (const type of ['subject', 'client'] as const) {
    const { writer, isRevoked } = newSet();
    writer.add(revocation(type, type === 'subject' ? 'alice' : 'c1', { issuedBefore: now }));
    assert.equal(isRevoked({ iat: now - 1 }), true);
    assert.equal(isRevoked({ iat: now }), true);
    assert.equal(isRevoked({ iat: now + 0.999 }), true, 'within the second');
    assert.equal(isRevoked({ iat: now + 1 }), false);
    assert.equal(isRevoked({ iat: undefined }), true);
    assert.equal(isRevoked({ iat: Number.NaN }), true);
  }
});

test('of two revocations of one thing the stricter holds, in either order', () => {
  const day = 86_400;
  const at = (issuedBefore: number) => ({ issuedBefore });
  for (const [first, second, deniesFuture, deniesUntil] of [
    [at(now), at(now + day), false, now + day],
    [at(now + day), at(now), false, now + day],
    [{}, at(now), true, now],
    [at(now), {}, true, now],
  ] as const) {
    const { writer, isRevoked } = newSet();
    writer.add(revocation('subject', 'alice', first));
    writer.add(revocation('subject', 'alice', second));
    assert.equal(writer.size, 1);
    assert.equal(isRevoked({ iat: deniesUntil }), true);
    assert.equal(isRevoked({ iat: deniesUntil + 1 }), deniesFuture);
  }
});

test('an entry leaves one hour after it expires, not a second before', () => {
  const { writer, isRevoked } = newSet();
  writer.add(revocation('token', 'j1'));
  writer.sweep((expires + 3599.999) * 1000, 2048);
  assert.equal(isRevoked(), true);
  writer.sweep((expires + 3600) * 1000, 2048);
  assert.equal(isRevoked(), false);
  assert.equal(writer.size, 0);
});

test('an expiry within a second lasts that second out', () => {
  const { writer, isRevoked } = newSet();
  writer.add(revocation('token', 'j1', { expires: expires + 0.5 }));
  writer.sweep((expires + 3600.25) * 1000, 2048);
  assert.equal(isRevoked(), true);
});

test('an expiry is never shortened', () => {
  for (const [first, second] of [
    [expires + 5000, expires],
    [expires, expires + 5000],
  ] as const) {
    const { writer, isRevoked } = newSet();
    writer.add(revocation('token', 'j1', { expires: first }));
    writer.add(revocation('token', 'j1', { expires: second }));
    writer.sweep((expires + 5000 + 3599) * 1000, 2048);
    assert.equal(isRevoked(), true);
    writer.sweep((expires + 5000 + 3600) * 1000, 2048);
    assert.equal(isRevoked(), false);
  }
});

test('an entry that never expires stays, and so does one whose expiry is no number', () => {
  const { writer, isRevoked } = newSet();
  writer.add(revocation('token', 'j1', { expires: never }));
  writer.add(revocation('token', 'j2', { expires: Number.NaN }));
  writer.sweep((never + 7200) * 1000, 2048);
  assert.equal(isRevoked(), true);
  assert.equal(isRevoked({ jti: 'j2' }), true);
});

test('a clock that says an earlier time loses nothing', () => {
  const { writer, isRevoked } = newSet();
  writer.add(revocation('token', 'j1'));
  for (const time of [0, -1, now - 1_000_000, Number.NaN]) writer.sweep(time * 1000, 2048);
  assert.equal(isRevoked(), true);
});

test('sweeping in small steps comes round to everything', () => {
  const { writer } = newSet(100);
  for (let i = 0; i < 100; i++) writer.add(revocation('token', `j${i}`));
  for (let i = 0; i < 256; i++) {
    const before = writer.size;
    writer.sweep((expires + 3600) * 1000, 1);
    assert.ok(before - writer.size <= 1);
  }
  assert.equal(writer.size, 0);
});

test('a token that was found clean is revoked from the next add on that covers it', () => {
  const { writer, reader } = newSet();
  const token = identifyToken(fingerprinter, { issuer, jti: 'j1', sub: 'alice', iat: now });
  assert.equal(reader.isRevoked(token), false);
  const cleanAt = token.cleanAt;
  writer.add(revocation('token', 'j2'));
  assert.equal(reader.isRevoked(token), false);
  assert.notEqual(token.cleanAt, cleanAt, 'it was looked up again');
  writer.add(revocation('subject', 'alice', { issuedBefore: now - 1 }));
  assert.equal(reader.isRevoked(token), false);
  writer.add(revocation('subject', 'alice', { issuedBefore: now }));
  assert.equal(reader.isRevoked(token), true);
  assert.equal(reader.isRevoked(token), true, 'a revoked token is never remembered as clean');
});

test('an add that changes nothing does not make clean tokens be looked up again', () => {
  const { writer, reader } = newSet();
  const token = identifyToken(fingerprinter, { issuer, jti: 'j1' });
  writer.add(revocation('token', 'j2'));
  reader.isRevoked(token);
  const { cleanAt } = token;
  writer.add(revocation('token', 'j2'));
  writer.add(revocation('token', 'j2', { expires: expires + 1 }));
  reader.isRevoked(token);
  assert.equal(token.cleanAt, cleanAt);
});

test('what finds no room is refused and leaves a flag that all threads see', () => {
  const { writer, reader, isRevoked } = newSet(2);
  writer.add(revocation('token', 'a'));
  writer.add(revocation('token', 'b'));
  assert.equal(reader.overflowed, false);
  assert.equal(writer.add(revocation('token', 'j1')), false);
  assert.equal(reader.overflowed, true);
  assert.equal(isRevoked(), false, 'which is why the flag has to be read');
  assert.equal(writer.add(revocation('token', 'a', { expires: never })), true, 'a present one needs no room');
  writer.sweep((expires + 3600) * 1000, 2048);
  assert.equal(reader.overflowed, true, 'room alone does not bring back what was refused');
  assert.equal(writer.add(revocation('token', 'j1')), true);
  writer.clearOverflow();
  assert.equal(reader.overflowed, false);
});

test('an opaque token and a JWT without jti are known by their hash, whoever issued them', () => {
  const { writer, reader } = newSet();
  writer.add(revocation('opaque', 'h1'));
  writer.add(revocation('unnamed', 'h2'));
  for (const from of ['', issuer]) {
    assert.equal(reader.isRevoked(identifyToken(fingerprinter, { issuer: from, opaqueHash: 'h1' })), true);
    assert.equal(reader.isRevoked(identifyToken(fingerprinter, { issuer: from, unnamedHash: 'h2' })), true);
  }
});

test('the default capacity of a million entries stays under 64 MB', () => {
  const { buffers, capacity } = new RevokedSet(fingerprinter);
  assert.equal(capacity, 1_000_000);
  assert.ok(buffers.table.byteLength + buffers.state.byteLength < 64_000_000);
});

/** Runs `operation`, and `meanwhile` before its atomic load number `at`, as another thread would. */
function overtake(at: number, operation: () => void, meanwhile: () => void): boolean {
  const { load } = Atomics;
  let step = 0;
  let reached = false;
  const restore = () => Object.assign(Atomics, { load });
  Object.assign(Atomics, {
    load: (words: Int32Array, index: number) => {
      if (step++ === at) {
        restore();
        reached = true;
        meanwhile();
      }
      return load(words, index);
    },
  });
  try {
    operation();
  } finally {
    restore();
  }
  return reached;
}

test('a look-up that an add overtakes at any step remembers nothing that the add made untrue', () => {
  for (const type of ['token', 'subject', 'client'] as const) {
    for (let at = 0, reached = true; reached; at++) {
      const { writer, reader } = newSet();
      const token = identifyToken(fingerprinter, { issuer, jti: 'x', sub: 'x', clientId: 'x', iat: now });
      writer.add(revocation('client', 'x', { issuedBefore: 5 }));
      const add = () => writer.add(revocation(type, 'x'));
      reached = overtake(at, () => reader.isRevoked(token), add);
      if (reached) assert.equal(reader.isRevoked(token), true, `${type}, step ${at}`);
    }
  }
});

test('a look-up whose entry leaves at any step does not take the next one in its place for its own', () => {
  for (let other = 0; other < 16; other++) {
    for (let at = 0, reached = true; reached; at++) {
      const { writer, reader } = newSet(1);
      const token = identifyToken(fingerprinter, { issuer, jti: 'x', sub: 'x', iat: now });
      writer.add(revocation('subject', 'x', { issuedBefore: now - 1 }));
      let denied = false;
      const ask = () => {
        denied = reader.isRevoked(token);
      };
      reached = overtake(at, ask, () => {
        writer.sweep((expires + 3600) * 1000, 16);
        assert.equal(writer.add(revocation('subject', `other ${other}`)), true);
      });
      assert.equal(denied, false, `step ${at}`);
    }
  }
});

test('what add has returned for, no thread finds clean: while it adds, deletes and sweeps', async (t) => {
  const count = 30_000;
  const writer = new RevokedSet(fingerprinter, { capacity: count });
  const progress = new Int32Array(new SharedArrayBuffer(12)); // [added so far, readers that began, rounds of all readers]
  const readers = [0, 1, 2].map(() => {
    const workerData = { buffers: writer.buffers, progress: progress.buffer, count, issuer };
    return new Worker(new URL('./revoked-set.test-worker.ts', import.meta.url), { workerData });
  });
  t.after(() => Promise.all(readers.map((worker) => worker.terminate())));
  const reports = readers.map((worker) => once(worker, 'message'));
  for (let began = 0; began < 3; began = Atomics.load(progress, 1)) {
    assert.notEqual(Atomics.wait(progress, 1, began, 20_000), 'timed-out', 'a reader did not begin');
  }

  for (let i = 0; i < count; i++) {
    // Every third is gone by the next sweep, so that slots are deleted and used again all the time.
    const gone = i % 3 === 2;
    writer.add(revocation('token', `j${i}`, { expires: gone ? now - 7200 : expires }));
    if (gone) writer.sweep(now * 1000, 64);
    Atomics.store(progress, 0, i + 1);
    // However busy the machine is, the readers are to look on.
    const rounds = Atomics.load(progress, 2);
    while (i % 500 === 0 && Atomics.load(progress, 2) < rounds + 30) Atomics.wait(progress, 0, i + 1, 1);
  }
  let total = 0;
  for (const report of reports) {
    const [{ wrong, checks }] = (await report) as [{ wrong: number[]; checks: number }];
    assert.deepEqual(wrong, []);
    total += checks;
  }
  assert.ok(total > 1000);
});
