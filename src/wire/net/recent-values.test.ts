/** Values that came lately: found only when each byte is the same, and nobody's text becomes another's. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Head } from './head.ts';
import { longValue, recentValue, rememberValue } from './recent-values.ts';

const ending = '.signature';
const value = (start: string): string => `Bearer ${start.padEnd(90, 'x')}${ending}`;
const request = (...lines: string[]): Buffer =>
  Buffer.from(`GET / HTTP/1.1\r\nHost: h\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`, 'latin1');
const read = (bytes: Buffer): Head => {
  const head = new Head();
  assert.equal(head.parseRequest(bytes), 'complete');
  return head;
};

test('a value is found again, and not one that differs in any byte or in length', () => {
  const known = Buffer.from(value('known'));
  rememberValue(known, 0, known.length);
  assert.equal(recentValue(known, 0, known.length), value('known'));
  for (let at = 0; at < known.length; at++) {
    const other = Buffer.from(known);
    other[at] = 0x7e;
    assert.equal(recentValue(other, 0, other.length), null, `byte ${at}`);
  }
  for (const other of [value('known').slice(1), `x${value('known')}`])
    assert.equal(recentValue(Buffer.from(other), 0, other.length), null);
});

test('a value displaces another with the same end, and each is read right', () => {
  for (const start of ['one', 'two', 'one', 'one', 'two', 'two'])
    assert.equal(read(request(`Authorization: ${value(start)}`)).header('authorization'), value(start));
});

test('what a head says stays so while the value is displaced by others', () => {
  read(request(`Authorization: ${value('mine')}`));
  const again = read(request(`Authorization: ${value('mine')}`));
  for (let i = 0; i < 3; i++) read(request(`Authorization: ${value('theirs')}`));
  assert.equal(again.header('authorization'), value('mine'));
});

test('a byte that no value may have is malformed at each place of one that came before', () => {
  const line = `Authorization: ${value('good')}`;
  for (let i = 0; i < 2; i++) read(request(line));
  for (const byte of ['\0', '\n', '\r', '\x7f']) {
    for (let at = 'Authorization: '.length; at < line.length; at++) {
      const bytes = request(`${line.slice(0, at)}${byte}${line.slice(at + 1)}`);
      assert.equal(new Head().parseRequest(bytes), 'malformed', `${JSON.stringify(byte)} at ${at}`);
    }
  }
});

test('values of every length around the limits are read right, first and again, with blanks behind them', () => {
  for (const length of [longValue - 1, longValue, longValue + 1, 2047, 2048, 2049, 8000]) {
    const long = 'v'.repeat(length);
    for (const blanks of ['', ' ', '', '\t ', '']) {
      const head = read(request(`X-Long: ${long}${blanks}`, `X-Next: ${long}${blanks}`, 'X-Last: 1'));
      assert.deepEqual(
        ['x-long', 'x-next', 'x-last'].map((name) => head.header(name)),
        [long, long, '1'],
        `${length} and ${JSON.stringify(blanks)}`,
      );
    }
  }
});

test('a head that ends within a long value is not complete, whether the value is known or not', () => {
  const whole = request(`Authorization: ${value('cut')}`);
  for (let round = 0; round < 2; round++) {
    for (let length = 1; length < whole.length; length++)
      assert.equal(new Head().parseRequest(whole.subarray(0, length)), 'incomplete', `${length} bytes`);
    read(whole);
  }
});
