import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SingleFlight } from './single-flight.ts';

test('concurrent runs of one key make one call and share its value', async () => {
  const flights = new SingleFlight<object>();
  let calls = 0;
  const { promise, resolve } = Promise.withResolvers<object>();
  const call = () => {
    calls++;
    return promise;
  };
  const waiting = [flights.run('a', call), flights.run('a', call), flights.run('a', call)];
  assert.equal(flights.size, 1);
  const value = {};
  resolve(value);
  for (const outcome of await Promise.all(waiting)) assert.equal(outcome, value);
  assert.equal(calls, 1);
  assert.equal(flights.size, 0);
});

test('keys fly apart', async () => {
  const flights = new SingleFlight<string>();
  const call = (value: string) => () => Promise.resolve(value);
  assert.deepEqual(await Promise.all([flights.run('a', call('A')), flights.run('b', call('B'))]), ['A', 'B']);
});

test('an error goes to all who wait, and the next run calls again', async () => {
  const flights = new SingleFlight<string>();
  const { promise, reject } = Promise.withResolvers<string>();
  const waiting = [flights.run('a', () => promise), flights.run('a', () => promise)];
  reject(new Error('down'));
  for (const outcome of waiting) await assert.rejects(outcome, /down/);
  assert.equal(await flights.run('a', () => Promise.resolve('up')), 'up');
});

test('a value is not kept either', async () => {
  const flights = new SingleFlight<number>();
  let calls = 0;
  await flights.run('a', async () => ++calls);
  assert.equal(await flights.run('a', async () => ++calls), 2);
});

test('a synchronous throw is a rejection like any other', async () => {
  const flights = new SingleFlight<string>();
  const outcome = flights.run('a', () => {
    throw new Error('at once');
  });
  await assert.rejects(outcome, /at once/);
  assert.equal(await flights.run('a', async () => 'later'), 'later');
});

test('an error that nobody waits for is not an unhandled rejection', async () => {
  const unhandled: unknown[] = [];
  const listener = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', listener);
  try {
    const flights = new SingleFlight<string>();
    void flights.run('a', () => Promise.reject(new Error('unheard')));
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(unhandled, []);
    assert.equal(flights.size, 0);
  } finally {
    process.off('unhandledRejection', listener);
  }
});
