import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check } from './check.ts';
import type { History, PresentationRecord } from './history.ts';
import { historyOf, revocation } from './history-sample.ts';

const rules = (history: Partial<History>): string[] => check(historyOf(history)).map(({ rule }) => rule);

/** Answered 5 ms after it was presented. */
const presented = (
  what: PresentationRecord['what'],
  start: number,
  answer: PresentationRecord['answer'],
  more: Partial<PresentationRecord> = {},
): PresentationRecord => ({
  what,
  which: 0,
  application: 0,
  token: what === 'code' ? null : 0,
  issued: start - 10,
  start,
  end: start + 5,
  answer,
  ...more,
});

test('given twice: two answers to one code had tokens; a refresh token may get the same twice', () => {
  const twice = (what: PresentationRecord['what']) => [presented(what, 100, 'tokens'), presented(what, 110, 'tokens')];
  assert.deepEqual(rules({ presentations: twice('code') }), ['given twice']);
  assert.deepEqual(rules({ presentations: twice('refresh token') }), []);
});

test('refused although good: invalid_grant to who presents it first, and nobody had revoked anything', () => {
  for (const what of ['code', 'refresh token'] as const) {
    assert.deepEqual(rules({ presentations: [presented(what, 100, 'refused')] }), ['refused although good']);
    const second = [presented(what, 100, 'unknown'), presented(what, 110, 'refused')];
    assert.deepEqual(rules({ presentations: second }), []);
  }
});

test('nothing: the token or the client was revoked meanwhile, or a backup was put back that does not know it', () => {
  const presentations = [presented('refresh token', 1000, 'refused')];
  assert.deepEqual(rules({ presentations, revocations: [revocation(990)] }), []);
  const client = revocation(990, { by: 'client', application: 0, tokens: [] });
  assert.deepEqual(rules({ presentations, revocations: [client] }), []);
  assert.deepEqual(rules({ presentations, revocations: [{ ...client, application: 1 }] }), ['refused although good']);
  assert.deepEqual(rules({ presentations, restore: { backup: 500, stopped: 900, restored: 995 } }), []);
});
