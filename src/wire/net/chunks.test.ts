/** The grammar of chunked bodies: the data comes out whole, and what is not exactly right is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChunkReader, maxAside } from './chunks.ts';

/** The data and whether the body was over; null = malformed. */
function read(text: string, cuts: readonly number[] = []): [data: string, isDone: boolean, rest: string] | null {
  const reader = new ChunkReader();
  const bytes = Buffer.from(text, 'latin1');
  let data = '';
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    const piece = bytes.subarray(from, cut);
    const stop = reader.read(piece, 0, (start, end) => {
      data += piece.toString('latin1', start, end);
    });
    if (stop < 0) return null;
    from += stop;
    if (reader.isDone) break;
  }
  return [data, reader.isDone, text.slice(from)];
}

const quoted = '5;a;b=c;d="e \\" ; \\\\ \xe4"\r\nhello\r\n';
const right: Record<string, [body: string, data: string]> = {
  'one chunk': ['5\r\nhello\r\n0\r\n\r\n', 'hello'],
  'no chunk': ['0\r\n\r\n', ''],
  'sizes in letters of both cases': [
    `a\r\n${'x'.repeat(10)}\r\nB\r\n${'y'.repeat(11)}\r\n0\r\n\r\n`,
    'x'.repeat(10) + 'y'.repeat(11),
  ],
  'zeros before a size': ['0005\r\nhello\r\n000\r\n\r\n', 'hello'],
  'line ends in its data': ['4\r\n\r\n\r\n\r\n0\r\n\r\n', '\r\n\r\n'],
  'extensions (7.1.1)': [`${quoted}0;x=y\r\n\r\n`, 'hello'],
  'trailers (7.1.2)': ['5\r\nhello\r\n0\r\nX-Sum: 1\r\nx:\r\n\r\n', 'hello'],
};
for (const [what, [body, data]] of Object.entries(right))
  test(`a body with ${what}, cut anywhere (RFC 9112 7.1)`, () => {
    const whole = `${body}GET`;
    for (let cut = 0; cut <= whole.length; cut++) {
      const result = read(whole, [cut]);
      assert.deepEqual(result, [data, true, 'GET'], `cut at ${cut}`);
    }
    for (let cut = 0; cut < body.length; cut++) assert.equal(read(body.slice(0, cut))?.[1], false, `ends at ${cut}`);
  });

const wrong: Record<string, string> = {
  '7.1: no size': '\r\nhello\r\n',
  '7.1: a size that is no number': 'x\r\n',
  '7.1: a sign': '+5\r\nhello\r\n',
  '7.1: a minus sign': '-5\r\nhello\r\n',
  '7.1: 0x': '0x5\r\nhello\r\n',
  '7.1: a blank before the size': ' 5\r\nhello\r\n',
  '7.1: a blank after the size': '5 \r\nhello\r\n',
  '7.1: a tab after the size': '5\t\r\nhello\r\n',
  '7.1: an underscore in the size': '1_0\r\n',
  '7.1: a size of 13 digits': '1000000000000\r\n',
  '7.1: a size beyond 64 bits': '10000000000000005\r\nhello\r\n',
  '7.1: a size line that ends in LF only': '5\nhello\r\n',
  '7.1: a size line that ends in CR only': '5\rhello\r\n',
  '7.1: CR CR LF after the size': '5\r\r\nhello\r\n',
  '7.1: data that goes on': '5\r\nhelloworld\r\n',
  '7.1: data followed by LF only': '5\r\nhello\n0\r\n\r\n',
  '7.1: data followed by CR only': '5\r\nhello\r0\r\n\r\n',
  '7.1: data followed by CR and another byte': '5\r\nhello\rX0\r\n\r\n',
  '7.1: data followed by nothing': '5\r\nhello0\r\n\r\n',
  '7.1: an end in LF only': '0\r\n\n',
  '7.1: an end in CR only': '0\r\n\rX',
  '7.1.1: an extension without a name': '5;\r\nhello\r\n',
  '7.1.1: an empty extension before another': '5;;a\r\nhello\r\n',
  '7.1.1: a blank before an extension': '5 ;a\r\nhello\r\n',
  '7.1.1: a blank before the name': '5; a\r\nhello\r\n',
  '7.1.1: a blank after the name': '5;a =b\r\nhello\r\n',
  '7.1.1: a blank before the value': '5;a= b\r\nhello\r\n',
  '7.1.1: a blank after the value': '5;a=b \r\nhello\r\n',
  '7.1.1: a name that is no token': '5;a(\r\nhello\r\n',
  '7.1.1: no value after =': '5;a=\r\nhello\r\n',
  '7.1.1: a value that is no token': '5;a=b@\r\nhello\r\n',
  '7.1.1: an open quotation mark': '5;a="b\r\nhello\r\n',
  '7.1.1: bytes after a quoted value': '5;a="b"c\r\nhello\r\n',
  '7.1.1: a line end within quotation marks': '5;a="\r\n"\r\nhello\r\n',
  '7.1.1: an escaped line end': '5;a="\\\n"\r\nhello\r\n',
  '7.1.1: a bare LF': '5;a\nhello\r\n',
  '7.1.1: a bare CR': '5;a\rb\r\nhello\r\n',
  '7.1.1: NUL': '5;a="\0"\r\nhello\r\n',
  '7.1.2: a trailer without a colon': '0\r\nX\r\n\r\n',
  '7.1.2: a trailer without a name': '0\r\n: a\r\n\r\n',
  '7.1.2: a trailer with a blank before its colon': '0\r\nX : a\r\n\r\n',
  '7.1.2: a folded trailer': '0\r\nX: a\r\n b\r\n\r\n',
  '7.1.2: a trailer that ends in LF only': '0\r\nX: a\n\r\n',
  '7.1.2: a bare CR in a trailer': '0\r\nX: a\rb\r\n\r\n',
  '7.1.2: NUL in a trailer': '0\r\nX: a\0b\r\n\r\n',
};
for (const [what, body] of Object.entries(wrong))
  test(`malformed (RFC 9112 ${what})`, () => {
    const whole = `${body}0\r\n\r\n`;
    assert.equal(read(whole), null);
    for (let cut = 0; cut < whole.length; cut++) assert.equal(read(whole, [cut]), null, `cut at ${cut}`);
  });

for (const name of ['Content-Length', 'transfer-encoding', 'HOST', 'Connection', 'Trailer', 'Expect', 'TE'])
  test(`malformed with ${name} as a trailer (RFC 9110 6.5.1)`, () =>
    assert.equal(read(`0\r\nX: a\r\n${name}: a\r\n\r\n`), null));

test('extensions have a limit for the whole body, and so have trailers', () => {
  const chunk = `1;${'a'.repeat(99)}\r\nx\r\n`;
  // The name, and the byte that ends it.
  const most = Math.floor(maxAside / 100);
  assert.equal(read(`${chunk.repeat(most)}0\r\n\r\n`)?.[1], true);
  assert.equal(read(`${chunk.repeat(most + 1)}0\r\n\r\n`), null);
  assert.equal(read(`0\r\nX: ${'a'.repeat(maxAside - 5)}\r\n\r\n`)?.[1], true);
  assert.equal(read(`0\r\nX: ${'a'.repeat(maxAside - 4)}\r\n\r\n`), null);
  assert.equal(read(`0\r\n${'X:\r\n'.repeat(maxAside / 4 + 1)}\r\n`), null);
});

test('small chunks that come together go on together, and a large one as it is', () => {
  const large = 'y'.repeat(20_000);
  const bytes = Buffer.from(
    `${'1\r\nx\r\n'.repeat(1_000)}4e20\r\n${large}\r\n${'1\r\nz\r\n'.repeat(1_000)}0\r\n\r\nnext`,
  );
  const pieces: string[] = [];
  const ranges: (readonly [number, number])[] = [];
  const stop = new ChunkReader().read(bytes, 0, (from, to) => {
    pieces.push(bytes.toString('latin1', from, to));
    ranges.push([from, to]);
  });
  assert.deepEqual(pieces, ['x'.repeat(1_000), large + 'z'.repeat(1_000)]);
  // What went on may still be on its way: nothing is moved over it.
  assert.deepEqual(
    ranges.map(([from, to]) => bytes.toString('latin1', from, to)),
    pieces,
  );
  assert.equal(bytes.toString('latin1', stop), 'next');
});
