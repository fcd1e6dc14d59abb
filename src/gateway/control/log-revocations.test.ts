import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { key, revoked } from '../../../test/support/hub.ts';
import type { EventLog } from '../../platform/log.ts';
import { logRevocations, logSnapshot } from './log-revocations.ts';

let lines: (Record<string, unknown> & { message: string })[];
const ignore = (): void => undefined;
const log: EventLog = {
  debug: ignore,
  warn: ignore,
  error: ignore,
  info: (fields, message) => void lines.push({ ...fields, message }),
};
beforeEach(() => {
  lines = [];
});

test('a whole state says where it is from and how many there are', () => {
  logSnapshot(log, 'disk copy', { revocations: 2, entities: 3 });
  assert.deepEqual(lines, [
    { from: 'disk copy', revocations: 2, entities: 3, message: 'revocations were loaded at once' },
  ]);
});

test('each that comes by itself has a line with its source and kind, and nothing that could be used', () => {
  logRevocations(log, 'event hub', [key('k'), revoked('secret-jti')]);
  assert.equal(lines.length, 1);
  const [line] = lines;
  assert.deepEqual([line?.from, line?.type], ['event hub', 'token']);
  assert.match(String(line?.hash), /^[0-9a-f]{12}$/);
  assert.ok(!JSON.stringify(lines).includes('secret-jti'));
});

test('a flood has one line', () => {
  logRevocations(
    log,
    'event hub',
    Array.from({ length: 21 }, (_, i) => revoked(`r${i}`)),
  );
  assert.deepEqual(lines, [{ from: 'event hub', revocations: 21, message: 'revocations came in real time' }]);
});

test('what is no revocation has none', () => {
  logRevocations(log, 'event hub', [key('k')]);
  assert.deepEqual(lines, []);
});
