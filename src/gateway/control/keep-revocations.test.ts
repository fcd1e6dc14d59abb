import assert from 'node:assert/strict';
import { test } from 'node:test';
import { key, revoked } from '../../../test/support/hub.ts';
import type { EntityChange } from '../../core/snapshot.ts';
import { keepRevocations } from './keep-revocations.ts';

function subject(issuedBefore: number | undefined, expires: number): EntityChange {
  const value = { type: 'subject', issuer: 'i', value: 's', expires } as const;
  return {
    kind: 'revocation',
    id: 'subject|i|s',
    value: issuedBefore === undefined ? value : { ...value, issuedBefore },
  };
}

test('what a snapshot does not have is added, what it has is not repeated', () => {
  const snapshot = [key('a'), revoked('one')];
  assert.deepEqual(keepRevocations(snapshot, [revoked('one'), revoked('two')]), [...snapshot, revoked('two')]);
  assert.deepEqual(keepRevocations(snapshot, []), snapshot);
});

test('of two revocations of the same thing, what denies more', () => {
  const rows: readonly [EntityChange, EntityChange, EntityChange][] = [
    [subject(10, 100), subject(20, 90), subject(20, 100)],
    [subject(20, 90), subject(10, 100), subject(20, 100)],
    [subject(10, 100), subject(undefined, 90), subject(undefined, 100)],
    [subject(undefined, 90), subject(10, 100), subject(undefined, 100)],
  ];
  for (const [snapshot, known, kept] of rows) assert.deepEqual(keepRevocations([snapshot], [known]), [kept]);
});
