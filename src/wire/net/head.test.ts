/** The grammar of heads: what RFC 9112 does not have is refused, and nothing else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Head, maxFields, type Parsed } from './head.ts';

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const request = (text: string): Parsed => new Head().parseRequest(latin1(text));
const answer = (text: string): Parsed => new Head().parseAnswer(latin1(text));
const withField = (line: string): string => `GET / HTTP/1.1\r\nHost: h\r\n${line}\r\n\r\n`;

const malformedRequests: Record<string, string> = {
  '2.2: a line that ends in LF only': 'GET / HTTP/1.1\nHost: h\r\n\r\n',
  '2.2: a field that ends in LF only': 'GET / HTTP/1.1\r\nHost: h\n\r\n',
  '2.2: a head that ends in LF only': 'GET / HTTP/1.1\r\nHost: h\r\n\n',
  '2.2: a bare CR in the request line': 'GET /\r HTTP/1.1\r\nHost: h\r\n\r\n',
  '2.2: a bare CR in a field': withField('X: a\rb'),
  '2.2: CR CR LF': withField('X: a\r'),
  '2.2: a bare CR at the end': 'GET / HTTP/1.1\r\nHost: h\r\n\rX',
  '2.2: an empty line before the request line': '\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n',
  '2.2: white space before the first field': 'GET / HTTP/1.1\r\n Host: h\r\n\r\n',
  '2.3: HTTP/0.9': 'GET /\r\n',
  '2.3: no version': 'GET / \r\nHost: h\r\n\r\n',
  '2.3: HTTP/1.10': 'GET / HTTP/1.10\r\nHost: h\r\n\r\n',
  '2.3: HTTP/1.2': 'GET / HTTP/1.2\r\nHost: h\r\n\r\n',
  '2.3: HTTP/01.1': 'GET / HTTP/01.1\r\nHost: h\r\n\r\n',
  '2.3: HTTP/2.0': 'GET / HTTP/2.0\r\nHost: h\r\n\r\n',
  '2.3: http/1.1 in lower case': 'GET / http/1.1\r\nHost: h\r\n\r\n',
  '2.3: HTTP/1,1': 'GET / HTTP/1,1\r\nHost: h\r\n\r\n',
  '3: another byte than CR after the version': 'GET / HTTP/1.1x\nHost: h\r\n\r\n',
  '3: two blanks after the method': 'GET  / HTTP/1.1\r\nHost: h\r\n\r\n',
  '3: a tab after the method': 'GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n',
  '3: two blanks before the version': 'GET /  HTTP/1.1\r\nHost: h\r\n\r\n',
  '3: a blank after the version': 'GET / HTTP/1.1 \r\nHost: h\r\n\r\n',
  '3: a blank before the method': ' GET / HTTP/1.1\r\nHost: h\r\n\r\n',
  '3.1: no method': ' / HTTP/1.1\r\nHost: h\r\n\r\n',
  '3.1: a method that is no token': 'GE(T / HTTP/1.1\r\nHost: h\r\n\r\n',
  '3.2: no target': 'GET HTTP/1.1\r\nHost: h\r\n\r\n',
  '3.2: a tab in the target': 'GET /a\tb HTTP/1.1\r\nHost: h\r\n\r\n',
  '3.2: NUL in the target': 'GET /a\0b HTTP/1.1\r\nHost: h\r\n\r\n',
  '3.2: a byte above ASCII in the target': 'GET /\xe4 HTTP/1.1\r\nHost: h\r\n\r\n',
  '5: an empty name': withField(': a'),
  '5: no colon': withField('X'),
  '5: a name that is no token': withField('X(: a'),
  '5: a byte above ASCII in a name': withField('X\xe4: a'),
  '5: a CR in a name': withField('X\r: a'),
  '5.1: a blank before the colon': withField('X : a'),
  '5.1: a tab before the colon': withField('X\t: a'),
  '5.2: a folded value': withField('X: a\r\n b'),
  '5.2: a value folded with a tab': withField('X: a\r\n\tb'),
  '5.2: a fold of nothing': withField('X: a\r\n '),
};

for (const [what, bytes] of Object.entries(malformedRequests))
  test(`malformed (RFC 9112 ${what})`, () => assert.equal(request(bytes), 'malformed'));

test('a value has tabs, blanks, visible ASCII and bytes above it, and nothing else (RFC 9110 5.5)', () => {
  for (let c = 0; c < 256; c++) {
    // CR and LF have their own cases.
    if (c === 10 || c === 13) continue;
    const isText = c === 9 || (c >= 32 && c !== 127);
    const bytes = withField(`X: a${String.fromCharCode(c)}b`);
    assert.equal(request(bytes), isText ? 'complete' : 'malformed', `byte ${c}`);
  }
});

const contentLengths: Record<string, [lines: string, read: number]> = {
  'one length': ['Content-Length: 42', 42],
  'leading zeros': ['Content-Length: 007', 7],
  'the longest, of 15 digits': ['Content-Length: 999999999999999', 999_999_999_999_999],
  'one of 16 digits': ['Content-Length: 1000000000000000', -2],
  'one beyond 64 bits': ['Content-Length: 18446744073709551617', -2],
  'an empty one': ['Content-Length:', -2],
  'a plus sign': ['Content-Length: +5', -2],
  'a minus sign': ['Content-Length: -5', -2],
  hexadecimal: ['Content-Length: 0x5', -2],
  'a fraction': ['Content-Length: 5.0', -2],
  'an exponent': ['Content-Length: 1e3', -2],
  'a blank within': ['Content-Length: 1 2', -2],
  'a list of the same': ['Content-Length: 5, 5', -2],
  'the same line twice': ['Content-Length: 5\r\ncontent-length: 5', -2],
  'two lines that differ': ['Content-Length: 5\r\nContent-Length: 6', -2],
  'a wrong one before a right one': ['Content-Length: x\r\nContent-Length: 5', -2],
  'a right one before a wrong one': ['Content-Length: 5\r\nContent-Length: x', -2],
  'three lines': ['Content-Length: 5\r\nContent-Length: x\r\nContent-Length: 5', -2],
};
for (const [what, [lines, read]] of Object.entries(contentLengths))
  test(`content-length with ${what} is ${read === -2 ? 'none that holds' : read} (RFC 9110 8.6)`, () => {
    const head = new Head();
    assert.equal(head.parseRequest(latin1(withField(lines))), 'complete');
    assert.equal(head.contentLength, read);
  });

test('any token is a method, in the letters that it has (RFC 9110 9.1)', () => {
  for (const method of ['get', 'M-SEARCH', "!#$%&'*+-.^_`|~09az"]) {
    const head = new Head();
    assert.equal(head.parseRequest(latin1(`${method} / HTTP/1.1\r\nHost: h\r\n\r\n`)), 'complete');
    assert.equal(head.slice(0, head.methodEnd), method);
  }
});

test('blanks around a value are not a part of it (RFC 9112 5.1)', () => {
  const head = new Head();
  assert.equal(head.parseRequest(latin1(withField('X:\t a b \t'))), 'complete');
  assert.equal(head.header('x'), 'a b');
});

test('too many fields is another answer than malformed, and comes with the first one too many', () => {
  const fields = (count: number) => `GET / HTTP/1.1\r\n${'X: a\r\n'.repeat(count)}`;
  assert.equal(request(`${fields(maxFields)}\r\n`), 'complete');
  assert.equal(request(`${fields(maxFields + 1)}\r\n`), 'too-many-fields');
});

test('a head is incomplete at each cut, and then the same', () => {
  const whole = latin1('PUT /a?b HTTP/1.0\r\nHost: h\r\nX:\r\n\r\n');
  for (let cut = 0; cut < whole.length; cut++) {
    assert.equal(new Head().parseRequest(whole.subarray(0, cut)), 'incomplete', `cut at ${cut}`);
  }
  const head = new Head();
  assert.equal(head.parseRequest(whole), 'complete');
  assert.deepEqual([head.end, head.minor, head.header('x')], [whole.length, 0, '']);
});

test('what is wrong already is not waited for', () => {
  for (const bytes of ['GET / FTP', 'GET / HTTP/1.1\r\nX: a\0', 'GET / HTTP/1.1\r\nX y', 'G\r', 'GET /\n', '\r'])
    assert.equal(request(bytes), 'malformed', JSON.stringify(bytes));
  for (const bytes of ['FTP', 'HTTP/1.1 200 a\0', 'HTTP/2']) assert.equal(answer(bytes), 'malformed', bytes);
});

const malformedAnswers: Record<string, string> = {
  '2.2: a status line that ends in LF only': 'HTTP/1.1 200 OK\n\r\n',
  '2.2: a bare CR in the reason': 'HTTP/1.1 200 O\rK\r\n\r\n',
  '2.3: HTTP/2.0': 'HTTP/2.0 200 OK\r\n\r\n',
  '2.3: an ICY answer': 'ICY 200 OK\r\n\r\n\r\n',
  '4: two blanks before the status': 'HTTP/1.1  200 OK\r\n\r\n',
  '4: two digits': 'HTTP/1.1 20 OK\r\n\r\n',
  '4: four digits': 'HTTP/1.1 2000 OK\r\n\r\n',
  '4: a status that is no number': 'HTTP/1.1 2x0 OK\r\n\r\n',
  '4: a status below 100': 'HTTP/1.1 099 OK\r\n\r\n',
  '4: a status of no class': 'HTTP/1.1 600 OK\r\n\r\n',
  '4: no blank before the reason': 'HTTP/1.1 200OK\r\n\r\n',
  '4: NUL in the reason': 'HTTP/1.1 200 O\0K\r\n\r\n',
  '5.1: a blank before the colon': 'HTTP/1.1 200 OK\r\nX : a\r\n\r\n',
  '5.2: a folded value': 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n',
};
for (const [what, bytes] of Object.entries(malformedAnswers))
  test(`malformed answer (RFC 9112 ${what})`, () => assert.equal(answer(bytes), 'malformed'));

test('an answer may lack its reason, and the blank before it (RFC 9112 4)', () => {
  for (const line of ['HTTP/1.1 200 OK', 'HTTP/1.0 599 ', 'HTTP/1.1 204', 'HTTP/1.1 200 \xe4\t'])
    assert.equal(answer(`${line}\r\n\r\n`), 'complete', line);
});
