/** What a thread is told comes in order, whole, and no faster than it can apply it. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { ThreadChange, ToThread } from '../data-plane/messages.ts';
import { Outbox } from './outbox.ts';

let posted: ToThread[];
let outbox: Outbox;

beforeEach(() => {
  posted = [];
  outbox = new Outbox((message) => posted.push(message));
});

const change = (id: number): ThreadChange => ({ kind: 'issuer', id: String(id), value: null });
const changes = (from: number, count: number): ThreadChange[] =>
  Array.from({ length: count }, (_, at) => change(from + at));
const said = (): string[] =>
  posted.flatMap((message) =>
    message.type === 'changes'
      ? message.changes.map(({ id }) => id)
      : [`answer ${(message as { question: number }).question}`],
  );

/** As a thread does, until nothing more comes. */
function applyAll(): number {
  let pieces = 0;
  for (let at = 0; at < posted.length; at++) {
    if (posted[at]?.type !== 'changes') continue;
    pieces++;
    outbox.applied();
  }
  return pieces;
}

test('many changes go in pieces, the next when the one before was applied, and what comes meanwhile goes behind', () => {
  outbox.tell(changes(0, 1200));
  outbox.tell(changes(1200, 1));
  outbox.answer({ type: 'answer', question: 7, value: null });
  outbox.tell(changes(1201, 1));
  assert.equal(posted.length, 1);
  assert.ok(said().length < 1200);
  assert.ok(applyAll() >= 5);
  const ids = changes(0, 1202).map(({ id }) => id);
  assert.deepEqual(said(), [...ids.slice(0, 1201), 'answer 7', ...ids.slice(1201)]);
});

test('an answer waits for nothing where no change is under way', () => {
  outbox.answer({ type: 'answer', question: 1, value: null });
  outbox.answer({ type: 'answer', question: 2, value: null });
  assert.deepEqual(said(), ['answer 1', 'answer 2']);
});

test('all is settled when the last piece was applied, and not before', async () => {
  await outbox.settled();
  outbox.tell(changes(0, 1200));
  let isSettled = false;
  const settled = outbox.settled().then(() => (isSettled = true));
  outbox.applied();
  outbox.applied();
  await new Promise(setImmediate);
  assert.equal(isSettled, false);
  outbox.applied();
  await settled;
});

test('nobody waits for a thread that is gone', async () => {
  outbox.tell(changes(0, 1200));
  const settled = outbox.settled();
  outbox.close();
  await settled;
  assert.equal(posted.length, 1);
});

test('what a thread is told that is gone is for the next one, and nobody waits for it', async () => {
  outbox.close();
  outbox.tell(changes(0, 1));
  outbox.answer({ type: 'answer', question: 1, value: null });
  await outbox.settled();
  assert.deepEqual(posted, []);
});
