/** Which heads of HTTP/2 are requests and answers that we take, and what they are in HTTP/1.1. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAnswer, readRequest } from './message-head.ts';

const limits = { maxHeadSize: 4096, maxTargetLength: 100 };
const line = { ':method': 'GET', ':scheme': 'https', ':authority': 'h:1', ':path': '/a?b' };
const flat = (fields: Record<string, string>, ...more: string[]): string[] => [
  ...Object.entries(fields).flat(),
  ...more,
];
const without = (name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(line).filter(([key]) => key !== name));

const malformed: Record<string, string[]> = {
  '9113 8.3.1: no method': flat(without(':method')),
  '9113 8.3.1: no scheme': flat(without(':scheme')),
  '9113 8.3.1: no path': flat(without(':path')),
  '9113 8.3.1: an empty path': flat({ ...line, ':path': '' }),
  '9113 8.3.1: an absolute target in the path': flat({ ...line, ':path': 'http://h:1/' }),
  '9113 8.3.1: another scheme': flat({ ...line, ':scheme': 'ftp' }),
  '9113 8.3.1: neither authority nor host': flat(without(':authority')),
  '9113 8.3.1: another host than the authority': flat(line, 'host', 'x'),
  '9113 8.3.1: a port in host only': flat({ ...line, ':authority': 'h' }, 'host', 'h:1'),
  '9113 8.3.1: host twice': flat(line, 'host', 'h:1', 'host', 'h:1'),
  '9113 8.3.1: user information in the authority': flat({ ...line, ':authority': 'u@h' }),
  '9113 8.3: an unknown pseudo field': flat(line, ':x', 'y'),
  '9113 8.5: CONNECT': [':method', 'CONNECT', ':authority', 'h:1'],
  '8441 4: extended CONNECT': flat({ ...line, ':method': 'CONNECT' }, ':protocol', 'websocket'),
  '9113 8.2.2: connection': flat(line, 'connection', 'close'),
  '9113 8.2.2: transfer-encoding': flat(line, 'transfer-encoding', 'chunked'),
  '9113 8.2.2: upgrade': flat(line, 'upgrade', 'h2c'),
  '9113 8.2.2: te other than trailers': flat(line, 'te', 'gzip'),
  '9113 8.2.1: a line end in a value': flat(line, 'x-a', 'b\r\nx-c: d'),
  '9113 8.2.1: a line end in a name': flat(line, 'x-a: b\r\nx-c', 'd'),
  '9113 8.2.1: the end of a head in a value': flat(line, 'x-a', 'b\r\n\r\n'),
  '9113 8.2.1: NUL in a value': flat(line, 'x-a', 'b\0c'),
  '9113 8.2.1: a blank in a name': flat(line, 'x a', 'b'),
  '9113 8.2.1: a colon in a name': flat(line, 'x:a', 'b'),
  '9113 8.2.1: an empty name': flat(line, '', 'b'),
  'a request line in the path': flat({ ...line, ':path': '/ HTTP/1.1\r\nx-c: d\r\ny:' }),
  'a request line in the method': flat({ ...line, ':method': 'GET / HTTP/1.1\r\nx: y\r\n\r\nGET' }),
  'a blank in the path': flat({ ...line, ':path': '/a b' }),
  'a fragment': flat({ ...line, ':path': '/a#b' }),
  'a line end in the authority': flat({ ...line, ':authority': 'h\r\nx-c: d' }),
  '* of another method than OPTIONS': flat({ ...line, ':path': '*' }),
  '9110 8.6: a length that is none': flat(line, 'content-length', '+1'),
  '9110 8.6: a length twice': flat(line, 'content-length', '1', 'content-length', '1'),
  '9110 10.1.1: an unknown expectation': flat(line, 'expect', 'x'),
};
for (const [what, raw] of Object.entries(malformed))
  test(`refused (${/^\d/.test(what) ? 'RFC ' : ''}${what})`, () =>
    assert.equal(readRequest(raw, true, limits), 'malformed'));

test('a request is the one that it would be in HTTP/1.1', () => {
  const raw = flat(line, 'cookie', 'a=1', 'x-b', '1', 'cookie', 'b=2', 'te', 'trailers', 'x-b', '2', 'x-c', '');
  const request = readRequest(raw, false, limits);
  assert.ok(typeof request === 'object');
  const { head } = request;
  assert.deepEqual([request.method, request.target, request.host], ['GET', '/a?b', 'h:1']);
  assert.deepEqual(
    ['cookie', 'x-b', 'x-c', 'no'].map((name) => head.header(name)),
    ['a=1; b=2', '1, 2', '', undefined],
  );
  assert.deepEqual([head.codings, head.contentLength], [0, -1]);
});

test('host alone is as good as an authority, and both may say the same', () => {
  for (const raw of [flat(without(':authority'), 'host', 'h:1'), flat(line, 'host', 'H:1')]) {
    const request = readRequest(raw, false, limits);
    assert.ok(typeof request === 'object');
    assert.equal(request.host, 'h:1');
    assert.equal(request.head.hosts, 1);
  }
});

test('a body is chunked unless it has a length', () => {
  const framing = (hasBody: boolean, ...more: string[]): number[] => {
    const request = readRequest(flat({ ...line, ':method': 'POST' }, ...more), hasBody, limits);
    assert.ok(typeof request === 'object');
    return [request.head.codings, request.head.contentLength];
  };
  assert.deepEqual(framing(true), [1, -1]);
  assert.deepEqual(framing(true, 'content-length', '7'), [0, 7]);
  assert.deepEqual(framing(false), [0, -1]);
});

test('limits have their own answers', () => {
  assert.equal(readRequest(flat({ ...line, ':path': `/${'a'.repeat(100)}` }), false, limits), 'target-too-long');
  assert.equal(readRequest(flat(line, 'x-a', 'a'.repeat(4096)), false, limits), 'head-too-large');
  const many = Array.from({ length: 128 }, (_, i) => [`x-${i}`, '']).flat();
  assert.equal(readRequest(flat(line, ...many), false, limits), 'head-too-large');
});

test('an answer that could be read as two, or is none, is malformed', () => {
  const ok = [':status', '200'];
  for (const raw of [
    [...ok, 'x-a', 'b\r\nx-c: d'],
    [...ok, 'connection', 'close'],
    [...ok, 'transfer-encoding', 'chunked'],
    [...ok, ':path', '/'],
    [...ok, 'x:a', 'b'],
    [':status', '20'],
    [':status', '600'],
    ['x-a', 'b'],
  ])
    assert.equal(readAnswer(raw), null, raw.join(' '));
  const head = readAnswer([...ok, 'set-cookie', 'a', 'set-cookie', 'b', 'content-length', '3']);
  assert.deepEqual([head?.status, head?.count, head?.contentLength], [200, 3, 3]);
});
