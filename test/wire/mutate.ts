/** Seeded mutants of a corpus: the same seed gives the same bytes. */

/** Numbers below a limit. */
export type Random = (below: number) => number;

/** mulberry32. */
export function randomFrom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** What makes one parser stop where another goes on. */
const tricks = [
  ...[
    '\r',
    '\n',
    '\r\n',
    '\n\n',
    '\r\n\r\n',
    '\r\r\n',
    '\0',
    ' ',
    '\t',
    '\x0b',
    '\x0c',
    '\x7f',
    '\xa0',
    '\x85',
    '\xff',
  ],
  ...[':', ';', ',', '=', '"', '\\', '/', '#', '%', '*', '+', '-', '_', '0', '1', '5', 'a', 'f', 'x', '0x', '00'],
  ...[
    'Content-Length: 5\r\n',
    'Content-Length: 0\r\n',
    'content-length:5\r\n',
    'Content-Length: 5, 5\r\n',
    'Content-Length',
  ],
  ...[
    'Transfer-Encoding: chunked\r\n',
    'Transfer-Encoding: x\r\n',
    'transfer-encoding:chunked\r\n',
    'Transfer-Encoding',
  ],
  ...[
    'Transfer-Encoding: gzip, chunked\r\n',
    'Transfer_Encoding: chunked\r\n',
    'Transfer-Encoding: Chunked \r\n',
    'chunked',
  ],
  ...[
    'Host: h\r\n',
    'Host: other\r\n',
    'Connection: close\r\n',
    'Connection: keep-alive\r\n',
    'Connection: x, close\r\n',
  ],
  ...[
    'Connection: Content-Length\r\n',
    'Expect: 100-continue\r\n',
    'X: y\r\n',
    ' folded\r\n',
    ': z\r\n',
    'Upgrade: x\r\n',
  ],
  ...[
    '5\r\nhello\r\n',
    '0\r\n\r\n',
    '0\r\n',
    '5;a="b"\r\n',
    ';a=b',
    ';a',
    '; a',
    ' ;a',
    ';a=',
    ';',
    'HTTP/1.0',
    'HTTP/1.1',
    '1.1',
  ],
  ...[
    'GET /hidden HTTP/1.1\r\nHost: h\r\n\r\n',
    'GET ',
    'POST /x HTTP/1.1\r\n',
    'http://h',
    'http://other/',
    'CONNECT ',
    'HEAD ',
  ],
];

/** One of `sources`, changed in one to three places. */
export function mutate(sources: readonly string[], random: Random): string {
  const any = <T>(of: readonly T[]): T => of[random(of.length)] as T;
  let bytes = any(sources);
  for (let changes = 1 + random(3); changes > 0; changes--) {
    const at = random(bytes.length + 1);
    const size = random(4) === 0 ? random(40) : random(3);
    const [before, after] = [bytes.slice(0, at), bytes.slice(at)];
    const lines = bytes.split('\r\n');
    switch (random(8)) {
      case 0:
      case 1:
      case 2:
        bytes = before + any(tricks) + after;
        break;
      case 3:
        bytes = before + after.slice(size);
        break;
      case 4:
        bytes = before + String.fromCharCode(random(256)) + after.slice(1);
        break;
      case 5:
        // A field or a chunk a second time, or at another place.
        lines.splice(random(lines.length), 0, any(lines));
        bytes = lines.join('\r\n');
        break;
      case 6:
        lines.splice(1 + random(lines.length), 0, any(tricks).replace(/\r\n$/, ''));
        bytes = lines.join('\r\n');
        break;
      default:
        bytes = before + any(sources).slice(random(60));
    }
  }
  return bytes;
}

/** What to make mutants of: mostly `good` ones, since few changes make bad ones good. */
export function sourcesOf(all: readonly string[], isGood: (text: string) => boolean): string[] {
  const good = all.filter(isGood);
  return [...all, ...good, ...good, ...good];
}

/** Up to `count` places in ascending order. */
export function cutsOf(length: number, count: number, random: Random): number[] {
  return Array.from({ length: count }, () => random(length + 1)).sort((a, b) => a - b);
}
