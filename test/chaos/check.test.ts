import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check } from './check.ts';
import type { History } from './history.ts';
import { historyOf, request, revocation } from './history-sample.ts';

const rules = (history: Partial<History>): string[] => check(historyOf(history)).map(({ rule }) => rule);

test('nothing: accepted until it was revoked, refused from then on', () => {
  const requests = [request(100, 200), request(1010, 200), request(1030, 401), request(9000, 401)];
  assert.deepEqual(rules({ requests, revocations: [revocation(1000)] }), []);
});

test('accepted too late: 200 to a request that was sent after the bound', () => {
  const revocations = [revocation(1000)];
  assert.deepEqual(rules({ requests: [request(1990, 200)], revocations }), []);
  assert.deepEqual(rules({ requests: [request(2010, 200)], revocations }), ['accepted too late']);
});

test('accepted too late: also what a client had, when all of it was revoked', () => {
  const revocations = [revocation(1000, { by: 'client' })];
  assert.deepEqual(rules({ requests: [request(3000, 200)], revocations }), ['accepted too late']);
});

test('nothing: 200 for what was issued while its client was revoked, or whose revocation nobody answered', () => {
  const requests = [request(9000, 200)];
  assert.deepEqual(rules({ requests, revocations: [revocation(1000, { tokens: [], doubtful: [0] })] }), []);
  assert.deepEqual(rules({ requests, revocations: [revocation(null)] }), []);
});

test('accepted again: 200 after this gateway had refused it, however early and whatever broke', () => {
  const outages = [{ gateway: 0, source: 0, how: 'broken', delay: 0, from: 900, until: null }] as const;
  const requests = [request(1020, 401), request(1040, 200)];
  assert.deepEqual(rules({ requests, revocations: [revocation(1000)], outages }), ['accepted again']);
  assert.deepEqual(rules({ requests, revocations: [revocation(null)], outages }), ['accepted again']);
});

test('nothing: another gateway had refused it, or the answer came after the request was sent', () => {
  const revocations = [revocation(1000)];
  assert.deepEqual(rules({ requests: [request(1020, 401), request(1040, 200, { gateway: 2 })], revocations }), []);
  assert.deepEqual(rules({ requests: [request(1020, 401), request(1022, 200)], revocations }), []);
});

test('refused although good: 401 and 403 before anybody revoked it', () => {
  const revocations = [revocation(1000)];
  assert.deepEqual(rules({ requests: [request(900, 401)], revocations }), ['refused although good']);
  assert.deepEqual(rules({ requests: [request(900, 403)] }), ['refused although good']);
});

test('nothing: 503 and no answer, or 401 while it is being revoked', () => {
  assert.deepEqual(rules({ requests: [request(900, 503), request(910, 0)] }), []);
  assert.deepEqual(rules({ requests: [request(985, 401)], revocations: [revocation(1000)] }), []);
});

test('nothing: 401/900903 while the clock is hours ahead, and only then', () => {
  const faults = [{ kind: 'clock far ahead', target: 'open', from: 100, until: 500 }];
  const expired = { code: 900_903 };
  assert.deepEqual(rules({ faults, requests: [request(300, 401, expired)] }), []);
  assert.deepEqual(rules({ faults, requests: [request(700, 401, expired)] }), ['refused although good']);
  assert.deepEqual(rules({ faults, requests: [request(300, 401, { ...expired, gateway: 1 })] }), [
    'refused although good',
  ]);
});

const final = (statuses: readonly number[]) =>
  statuses.map((status, gateway) => request(60_000, status, { gateway, final: true }));

test('revocation lost: at the end a gateway does not refuse it, though it gives no 200 either', () => {
  const revocations = [revocation(50_000)];
  assert.deepEqual(rules({ requests: final([401, 401, 401]), revocations }), []);
  assert.deepEqual(rules({ requests: final([401, 401, 503]), revocations }), ['revocation lost']);
});

test('good token lost: at the end a gateway does not accept it', () => {
  assert.deepEqual(rules({ requests: final([200, 200, 200]) }), []);
  assert.deepEqual(rules({ requests: final([200, 500, 200]) }), ['good token lost']);
});

test('gateways disagree: at the end some refuse what may have been revoked', () => {
  const revocations = [revocation(null)];
  assert.deepEqual(rules({ requests: final([401, 401, 401]), revocations }), []);
  assert.deepEqual(rules({ requests: final([200, 200, 200]), revocations }), []);
  assert.deepEqual(rules({ requests: final([200, 401, 401]), revocations }), ['gateways disagree']);
});

test('number skipped: a gateway is not where the store is', () => {
  const state = { gateway: 1, reloads: 0, gaps: 0, refused: 0 };
  assert.deepEqual(rules({ head: 'e:7', final: [{ ...state, position: 'e:7' }] }), []);
  assert.deepEqual(rules({ head: 'e:7', final: [{ ...state, position: 'e:6' }] }), ['number skipped']);
  assert.deepEqual(rules({ head: 'e:7', final: [{ ...state, position: null }] }), ['number skipped']);
});

test('a restored backup: what was revoked in between may be accepted, but not where it was refused', () => {
  const restore = { backup: 500, stopped: 5000, restored: 6000 };
  const revocations = [revocation(1000)];
  assert.deepEqual(rules({ restore, revocations, requests: [request(4000, 200)] }), ['accepted too late']);
  assert.deepEqual(rules({ restore, revocations, requests: [request(7000, 200)] }), []);
  assert.deepEqual(rules({ restore, revocations, requests: [request(1500, 401), request(7000, 200)] }), [
    'accepted again',
  ]);
  const before = [revocation(400)];
  assert.deepEqual(rules({ restore, revocations: before, requests: [request(7000, 200)] }), ['accepted too late']);
});

test('a restored backup: an opaque token that was issued in between may be refused, a JWT not', () => {
  const restore = { backup: 500, stopped: 5000, restored: 6000 };
  const issued = (form: 'JWT' | 'OPAQUE') => [{ form, application: 0, asked: 2000, got: 2010 }];
  assert.deepEqual(rules({ restore, tokens: issued('OPAQUE'), requests: [request(7000, 401)] }), []);
  assert.deepEqual(rules({ restore, tokens: issued('JWT'), requests: [request(7000, 401)] }), [
    'refused although good',
  ]);
});
