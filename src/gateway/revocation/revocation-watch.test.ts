import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Revocation } from '../../core/revocation.ts';
import { Fingerprinter } from '../../platform/fingerprint.ts';
import { RevocationWatch } from './revocation-watch.ts';
import { RevokedSet, RevokedSetReader } from './revoked-set.ts';
import { identifyToken } from './token-identity.ts';

const fingerprinter = new Fingerprinter(new Uint8Array(32).fill(5));
const issuer = 'https://issuer.example';
const expires = 4_000_000_000;

function open(capacity = 1000) {
  const set = new RevokedSet(fingerprinter, { capacity });
  const watch = new RevocationWatch(new RevokedSetReader(set.buffers));
  const told: string[] = [];
  return {
    watch,
    told,
    /** A stream of the token `jti` of the user `sub`. */
    stream: (jti: string, sub = 'someone') =>
      watch.watch(identifyToken(fingerprinter, { issuer, jti, sub, clientId: 'app', iat: 1000 }), () => told.push(jti)),
    revoke: (type: Revocation['type'], value: string, more: Partial<Revocation> = {}) =>
      set.add({ type, issuer, value, expires, ...more }),
  };
}

test('a stream is told once when its token, subject or client is revoked, and nobody else is', () => {
  const { watch, told, stream, revoke } = open();
  for (const [jti, sub] of [['a'], ['b', 'mary'], ['c', 'mary'], ['d']] as const) stream(jti, sub);
  watch.look();
  assert.deepEqual(told, []);
  revoke('token', 'a');
  watch.look();
  watch.look();
  assert.deepEqual(told, ['a']);
  revoke('subject', 'mary', { issuedBefore: 999 });
  watch.look();
  assert.deepEqual(told, ['a'], 'they were issued later');
  revoke('subject', 'mary', { issuedBefore: 1000 });
  watch.look();
  assert.deepEqual(told.toSorted(), ['a', 'b', 'c']);
  revoke('client', 'app');
  watch.look();
  assert.deepEqual(told.toSorted(), ['a', 'b', 'c', 'd']);
  assert.equal(watch.size, 0);
});

test('one that was revoked before it is watched is told at the first look, not during the call', () => {
  const { watch, told, stream, revoke } = open();
  revoke('token', 'a');
  stream('a');
  assert.deepEqual(told, []);
  watch.look();
  assert.deepEqual(told, ['a']);
});

test('a stream that has closed is told nothing; those that stay are', () => {
  const { watch, told, stream, revoke } = open();
  const ends = ['a', 'b', 'c', 'd'].map((jti) => stream(jti));
  ends[1]?.();
  ends[1]?.();
  assert.equal(watch.size, 3);
  for (const jti of ['a', 'b', 'd']) revoke('token', jti);
  watch.look();
  assert.deepEqual(told.toSorted(), ['a', 'd']);
  assert.equal(watch.size, 1);
  ends[0]?.();
  assert.equal(watch.size, 1, 'the end of one that was told takes no other along');
});

test('streams may close others, and open new ones, when they are told', () => {
  const { watch, told, stream, revoke } = open();
  const all = ['a', 'b', 'c', 'd'];
  const ends: (() => void)[] = [];
  for (const jti of all) {
    const identity = identifyToken(fingerprinter, { issuer, jti, sub: 's', clientId: 'app' });
    ends.push(
      watch.watch(identity, () => {
        told.push(jti);
        for (const end of ends) end();
        stream(`after ${jti}`);
      }),
    );
  }
  for (const jti of all) revoke('token', jti);
  watch.look();
  assert.deepEqual(told, ['d'], 'it closed all others');
  assert.equal(watch.size, 1);
});

test('when there is no more room for revocations, every stream is told', () => {
  const { watch, told, stream, revoke } = open(16);
  for (const jti of ['a', 'b']) stream(jti);
  for (let other = 0; revoke('token', `other ${other}`); other++);
  watch.look();
  assert.deepEqual(told.toSorted(), ['a', 'b']);
});

test('it looks by itself four times a second, as long as there is a stream', (t: TestContext) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { told, stream, revoke } = open();
  const end = stream('a');
  stream('b');
  revoke('token', 'b');
  t.mock.timers.tick(250);
  assert.deepEqual(told, ['b']);
  end();
  revoke('token', 'c');
  stream('c');
  t.mock.timers.tick(250);
  assert.deepEqual(told, ['b', 'c']);
});
