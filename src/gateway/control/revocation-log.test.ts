import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { key, revoked } from '../../../test/support/hub.ts';
import type { EventLog } from '../../platform/log.ts';
import { RevocationLog } from './revocation-log.ts';

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
  new RevocationLog(log).loaded('disk copy', { revocations: 2, entities: 3 });
  assert.deepEqual(lines, [
    { from: 'disk copy', revocations: 2, entities: 3, message: 'revocations were loaded at once' },
  ]);
});

test('each that comes by itself has a line with its source and kind, and nothing that could be used', () => {
  new RevocationLog(log).came('event hub', [key('k'), revoked('secret-jti')]);
  assert.equal(lines.length, 1);
  const [line] = lines;
  assert.deepEqual([line?.from, line?.type], ['event hub', 'token']);
  assert.match(String(line?.hash), /^[0-9a-f]{12}$/);
  assert.ok(!JSON.stringify(lines).includes('secret-jti'));
});

test('a flood has twenty lines a second, and one that says how many more there were', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const flood = Array.from({ length: 30 }, (_, at) => revoked(`r${at}`));
  const told = new RevocationLog(log);
  told.came('event hub', flood);
  told.came('another', flood);
  assert.equal(lines.length, 20);
  t.mock.timers.tick(1000);
  assert.deepEqual(lines.slice(20), [
    { from: 'event hub', revocations: 10, message: 'more revocations came in real time' },
    { from: 'another', revocations: 30, message: 'more revocations came in real time' },
  ]);
  told.came('event hub', flood.slice(0, 1));
  assert.equal(lines.length, 23, 'the next second begins anew');
  t.mock.timers.tick(1000);
  assert.equal(lines.length, 23);
  told.came('event hub', flood);
  told.close();
  assert.deepEqual(lines.at(-1), {
    from: 'event hub',
    revocations: 10,
    message: 'more revocations came in real time',
  });
});

test('what is no revocation has none', () => {
  new RevocationLog(log).came('event hub', [key('k')]);
  assert.deepEqual(lines, []);
});
