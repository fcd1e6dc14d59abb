/** Which heads are requests that we take, and how messages end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accept } from './accept.ts';
import { isAnswerFramed, keepsAlive } from './framing.ts';
import { Head } from './head.ts';

function request(line: string, ...fields: string[]): Head {
  const head = new Head();
  const bytes = Buffer.from(`${line}\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`, 'latin1');
  assert.equal(head.parseRequest(bytes), 'complete');
  return head;
}

function answer(line: string, ...fields: string[]): Head {
  const head = new Head();
  const bytes = Buffer.from(`HTTP/${line}\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`, 'latin1');
  assert.equal(head.parseAnswer(bytes), 'complete');
  return head;
}

const refused: Record<string, [line: string, ...fields: string[]]> = {
  '9112 3.2: no Host': ['GET / HTTP/1.1'],
  '9112 3.2: Host twice': ['GET / HTTP/1.1', 'Host: h', 'Host: h'],
  '9112 3.2: Host twice in HTTP/1.0': ['GET / HTTP/1.0', 'Host: h', 'Host: h'],
  '9112 3.2: an empty Host': ['GET / HTTP/1.1', 'Host:'],
  '9112 3.2: a list of Hosts': ['GET / HTTP/1.1', 'Host: a, b'],
  '9112 3.2: a Host with a path': ['GET / HTTP/1.1', 'Host: h/a'],
  '9112 3.2: a Host with user information': ['GET / HTTP/1.1', 'Host: u@h'],
  '9112 3.2: a Host with a port that is none': ['GET / HTTP/1.1', 'Host: h:x'],
  '9112 3.2: a Host with a percent sign that encodes nothing': ['GET / HTTP/1.1', 'Host: h%zz'],
  '9112 3.2: a Host above ASCII': ['GET / HTTP/1.1', 'Host: \xe4'],
  '9112 3.2.2: another Host than that of the target': ['GET http://a/ HTTP/1.1', 'Host: b'],
  '9112 3.2.2: another port than that of the target': ['GET http://a:80/ HTTP/1.1', 'Host: a'],
  '9112 3.2.2: another scheme': ['GET ftp://a/ HTTP/1.1', 'Host: a'],
  '9112 3.2.2: no host in the target': ['GET http:/// HTTP/1.1', 'Host: a'],
  '9112 3.2.2: user information in the target': ['GET http://a@b/ HTTP/1.1', 'Host: b'],
  '9112 3.2.3: CONNECT': ['CONNECT a:443 HTTP/1.1', 'Host: a:443'],
  '9112 3.2.3: CONNECT in origin form': ['CONNECT / HTTP/1.1', 'Host: a'],
  '9112 3.2.3: CONNECT in absolute form': ['CONNECT http://a/ HTTP/1.1', 'Host: a'],
  '9113 11.6: PRI': ['PRI / HTTP/1.1', 'Host: a'],
  '9112 3.2.3: authority form of another method': ['GET a:443 HTTP/1.1', 'Host: a:443'],
  '9112 3.2.4: * of another method than OPTIONS': ['GET * HTTP/1.1', 'Host: h'],
  '9112 3.2.4: * and more': ['OPTIONS *?a HTTP/1.1', 'Host: h'],
  '9112 3.2: a target without a slash': ['GET a HTTP/1.1', 'Host: h'],
  '9110 7.1: a fragment': ['GET /a#b HTTP/1.1', 'Host: h'],
  '9112 6.1: both length and coding': ['POST / HTTP/1.1', 'Host: h', 'Content-Length: 5', 'Transfer-Encoding: chunked'],
  '9112 6.1: a coding before chunked': ['POST / HTTP/1.1', 'Host: h', 'Transfer-Encoding: gzip, chunked'],
  '9112 6.1: chunked not last': ['POST / HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked, gzip'],
  '9112 6.1: chunked twice': ['POST / HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked, chunked'],
  '9112 6.1: chunked in two lines': [
    'POST / HTTP/1.1',
    'Host: h',
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: chunked',
  ],
  '9112 6.1: chunked and an empty line': [
    'POST / HTTP/1.1',
    'Host: h',
    'Transfer-Encoding:',
    'Transfer-Encoding: chunked',
  ],
  '9112 6.1: identity': ['POST / HTTP/1.1', 'Host: h', 'Transfer-Encoding: identity'],
  '9112 6.1: no coding': ['POST / HTTP/1.1', 'Host: h', 'Transfer-Encoding:'],
  '9112 6.1: chunked with a parameter': ['POST / HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked;a=b'],
  '9112 6.1: chunked in quotation marks': ['POST / HTTP/1.1', 'Host: h', 'Transfer-Encoding: "chunked"'],
  '9112 6.1: chunked and a tab': ['POST / HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked\t'],
  '9112 6.1: almost chunked': ['POST / HTTP/1.1', 'Host: h', 'Transfer-Encoding: xchunked'],
  '9112 6.1: chunked with a byte above ASCII': ['POST / HTTP/1.1', 'Host: h', 'Transfer-Encoding: \xa0chunked'],
  '9112 6.1: a coding in HTTP/1.0': ['POST / HTTP/1.0', 'Host: h', 'Transfer-Encoding: chunked'],
  '9112 6.3: a length that is none': ['POST / HTTP/1.1', 'Host: h', 'Content-Length: 5, 5'],
  '9110 10.1.1: an unknown expectation': ['POST / HTTP/1.1', 'Host: h', 'Expect: 200-ok'],
  '9110 10.1.1: an expectation twice': ['POST / HTTP/1.1', 'Host: h', 'Expect: 100-continue', 'Expect: 100-continue'],
};
for (const [what, [line, ...fields]] of Object.entries(refused))
  test(`refused (RFC ${what})`, () => assert.equal(accept(request(line, ...fields)), null));

test('path and query have the characters of RFC 3986 3.3 and 3.4, and those that browsers send as they are', () => {
  for (let c = 33; c < 127; c++) {
    const char = String.fromCharCode(c);
    const inPath = /[\w\-.~!$&'()*+,;=:@/%?[\]^|]/.test(char);
    const inQuery = inPath || /[\\`{}]/.test(char);
    assert.equal(accept(request(`GET /a${char}b HTTP/1.1`, 'Host: h')) !== null, inPath, `${char} in a path`);
    assert.equal(accept(request(`GET /a?b${char}c HTTP/1.1`, 'Host: h')) !== null, inQuery, `${char} in a query`);
  }
});

test('each form of a target gives one request (RFC 9112 3.2)', () => {
  const taken: [line: string, host: string, target: string, seenHost: string][] = [
    ['GET /a//b?c=d?e HTTP/1.1', 'h', '/a//b?c=d?e', 'h'],
    ['GET http://h:1/a HTTP/1.1', 'H:1', '/a', 'h:1'],
    ['GET HTTP://h?a HTTP/1.1', 'h', '/?a', 'h'],
    ['GET https://[::1] HTTP/1.1', '[::1]', '/', '[::1]'],
    ['OPTIONS * HTTP/1.1', 'h', '*', 'h'],
    ['OPTIONS http://h HTTP/1.1', 'h', '*', 'h'],
  ];
  for (const [line, host, target, seenHost] of taken) {
    const accepted = accept(request(line, `Host: ${host}`));
    assert.deepEqual([accepted?.target, accepted?.host], [target, seenHost], line);
  }
  assert.equal(accept(request('GET / HTTP/1.0'))?.host, '');
  assert.equal(accept(request('GET http://a/ HTTP/1.0'))?.host, 'a');
});

test('a host that is known is taken as it is; another one, or none, is looked at', () => {
  const hosts: [field: string, known: string, seen: string | undefined][] = [
    ['Host: shop', 'shop', 'shop'],
    ['Host: shop', 'shoe', 'shop'],
    ['Host: sho', 'shop', 'sho'],
    ['Host: sh op', 'shop', undefined],
    ['Host:', '', undefined],
    ['X-Other: shop', 'shop', undefined],
  ];
  for (const [field, known, seen] of hosts)
    assert.equal(accept(request('GET / HTTP/1.1', field), known)?.host, seen, `${field} after ${known}`);
});

test('an HTTP/1.0 client has no expectations (RFC 9110 10.1.1)', () =>
  assert.notEqual(accept(request('POST / HTTP/1.0', 'Expect: foo')), null));

test('the connection goes on as RFC 9112 9.3 says', () => {
  const cases: [minor: 0 | 1, connection: string | null, keeps: boolean][] = [
    [1, null, true],
    [0, null, false],
    [1, 'Keep-Alive', true],
    [0, 'Keep-Alive', true],
    [1, 'close', false],
    [1, 'upgrade, Close', false],
    [1, 'closed', true],
    [1, 'x-close', true],
    [0, 'x-keep-alive', false],
    [0, 'upgrade ,keep-alive', true],
    [0, 'keep-alive, close', false],
    [1, 'keep-alive, close', false],
    [1, '', true],
  ];
  for (const [minor, connection, keeps] of cases) {
    const fields = connection === null ? [] : [`Connection: ${connection}`];
    assert.equal(keepsAlive(request(`GET / HTTP/1.${minor}`, ...fields)), keeps, `1.${minor} ${connection}`);
  }
});

test('answers that can be read in two ways, or announce a body that they can not have, are malformed (RFC 9112 6)', () => {
  const cases: [line: string, fields: string[], isFramed: boolean][] = [
    ['1.1 200 OK', [], true],
    ['1.1 200 OK', ['Content-Length: 5'], true],
    ['1.1 200 OK', ['Transfer-Encoding: Chunked'], true],
    ['1.1 304 Not Modified', ['Content-Length: 5'], true],
    ['1.1 204 No Content', ['Content-Length: 0'], true],
    ['1.1 200 OK', ['Content-Length: 5', 'Content-Length: 5'], false],
    ['1.1 200 OK', ['Content-Length: 5, 5'], false],
    ['1.1 200 OK', ['Content-Length: 5', 'Transfer-Encoding: chunked'], false],
    ['1.1 200 OK', ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], false],
    ['1.1 200 OK', ['Transfer-Encoding: gzip, chunked'], false],
    ['1.1 200 OK', ['Transfer-Encoding: identity'], false],
    ['1.0 200 OK', ['Transfer-Encoding: chunked'], false],
    ['1.1 204 No Content', ['Content-Length: 5'], false],
    ['1.1 204 No Content', ['Transfer-Encoding: chunked'], false],
    ['1.1 100 Continue', ['Transfer-Encoding: chunked'], false],
    ['1.1 103 Early Hints', ['Content-Length: 5'], false],
    ['1.1 103 Early Hints', ['Connection: close'], false],
    ['1.0 103 Early Hints', [], false],
    ['1.1 103 Early Hints', [], true],
  ];
  for (const [line, fields, isFramed] of cases)
    assert.equal(isAnswerFramed(answer(line, ...fields)), isFramed, `${line} ${fields.join()}`);
});
