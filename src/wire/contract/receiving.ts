/** Contract: how requests are read, and answered locally. */
import assert from 'node:assert/strict';
import type { ServerExchange } from '../wire.ts';
import type { Case } from './fixture.ts';

const echo = (x: ServerExchange): void =>
  x.respond({ status: 200, fields: [], body: `${x.method} ${x.target} ${x.host} ${x.header('x-a') ?? '-'}\n` });

const malformed: Record<string, string> = {
  'without Host': 'GET / HTTP/1.1\r\n\r\n',
  'with two Hosts': 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n',
  'with a Host that is none': 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n',
  'with an empty Host': 'GET / HTTP/1.1\r\nHost:\r\n\r\n',
  'with two Hosts and a target in absolute form': 'GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
  'whose Host is another than that of its target': 'GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n',
  'whose Host has another port than its target': 'GET http://a:1/ HTTP/1.1\r\nHost: a\r\n\r\n',
  'with user information in its target': 'GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n',
  'with a target of another scheme': 'GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n',
  'with a fragment': 'GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n',
  'with an angle bracket in its target': 'GET /a?<b HTTP/1.1\r\nHost: a\r\n\r\n',
  'with a backslash in its path': 'GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n',
  'with a blank in its target': 'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n',
  'for * that is not OPTIONS': 'GET * HTTP/1.1\r\nHost: a\r\n\r\n',
  'to CONNECT': 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n',
  'to CONNECT in origin form': 'CONNECT /a HTTP/1.1\r\nHost: a\r\n\r\n',
  'with content-length and transfer-encoding':
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'with two content-lengths': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
  'with the same content-length twice': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na',
  'with a content-length that is no number': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na',
  'with a coding other than chunked': 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
  'with chunked not last': 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n',
  'of HTTP/1.0 with transfer-encoding': 'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'with a folded field': 'GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n',
  'with a blank before the colon': 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length : 0\r\n\r\n',
  'with a control character in a field': 'GET / HTTP/1.1\r\nHost: a\r\nX-A: b\0c\r\n\r\n',
  'with a bare CR in a field': 'GET / HTTP/1.1\r\nHost: a\r\nX-A: b\rc\r\n\r\n',
  'that is no HTTP': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n',
  'of an unknown version': 'GET / HTTP/3.7\r\nHost: a\r\n\r\n',
  'of HTTP/2.0': 'GET / HTTP/2.0\r\nHost: a\r\n\r\n',
  'with a coding that is almost chunked': 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
  'with an unknown expectation': 'POST / HTTP/1.1\r\nHost: a\r\nExpect: foo\r\nContent-Length: 0\r\n\r\n',
};

export function receiving(it: Case): void {
  for (const [what, bytes] of Object.entries(malformed)) {
    it(`400 to a request ${what}`, async (fixture) => {
      let handled = 0;
      const { port } = await fixture.gateway((x) => {
        handled++;
        echo(x);
      });
      const client = await fixture.client(port);
      client.send(bytes);
      const answer = await client.rest();
      assert.match(answer, /^HTTP\/1\.1 400 /);
      assert.match(answer, /\r\nconnection: close\r\n/i);
      assert.match(answer, /\r\n\r\nmalformed$/);
      assert.equal(answer.match(/HTTP\/1\.1/g)?.length, 1);
      assert.equal(handled, 0);
    });
  }

  it('an exchange says what was asked', async (fixture) => {
    let seen: unknown;
    const { port } = await fixture.gateway((x) => {
      seen = [
        x.method,
        x.target,
        x.host,
        x.secure,
        x.remoteAddress,
        x.header('x-b'),
        x.header('cookie'),
        x.header('no'),
      ];
      x.respond({ status: 201, fields: [['x-y', 'z']], body: 'grüezi' });
    });
    const client = await fixture.client(port);
    client.send('PATCH /a/%7e?b=c HTTP/1.1\r\nhOst: h:1\r\nX-B: 1\r\nx-b:2  \r\nCookie: a=1\r\nCookie: b=2\r\n\r\n');
    const answer = await client.until(/grüezi$|gr\xc3\xbcezi$/);
    assert.deepEqual(seen, ['PATCH', '/a/%7e?b=c', 'h:1', false, '127.0.0.1', '1, 2', 'a=1; b=2', undefined]);
    assert.match(answer, /^HTTP\/1\.1 201 Created\r\n/);
    assert.match(answer, /\r\nx-y: z\r\n/);
    assert.match(answer, /\r\ncontent-length: 7\r\n/i);
    assert.match(answer, /\r\ndate: \w{3}, \d\d \w{3} \d{4} /i);
  });

  it('targets in absolute form are reduced, and their host counts', async (fixture) => {
    const { port } = await fixture.gateway(echo);
    const client = await fixture.client(port);
    const cases: [string, string, string][] = [
      ['GET http://x:1/a?b', 'x:1', 'GET /a?b x:1'],
      ['GET HTTPS://X', 'x', 'GET / X'],
      ['GET http://[::1]:8/?q=http://y/', '[::1]:8', 'GET /?q=http://y/ [::1]:8'],
      ['OPTIONS http://x', 'x', 'OPTIONS * x'],
      ['OPTIONS *', 'h', 'OPTIONS * h'],
    ];
    for (const [asked, host, seen] of cases) {
      client.send(`${asked} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      assert.ok((await client.until(/ -\n$/)).endsWith(`\r\n\r\n${seen} -\n`), asked);
    }
  });

  it('414 when the target is over the limit', async (fixture) => {
    const { port } = await fixture.gateway(echo);
    const client = await fixture.client(port);
    client.send(`GET /${'a'.repeat(1023)} HTTP/1.1\r\nHost: h\r\n\r\n`);
    assert.match(await client.until(/ -\n$/), /^HTTP\/1\.1 200 /);
    client.send(`GET /${'a'.repeat(1024)} HTTP/1.1\r\nHost: h\r\n\r\n`);
    assert.match(await client.rest(), /^HTTP\/1\.1 414 [\s\S]*target-too-long$/);
  });

  it('431 when the head is over the limit', async (fixture) => {
    const { port } = await fixture.gateway(echo);
    const client = await fixture.client(port);
    client.send(`GET / HTTP/1.1\r\nHost: h\r\nX-B: ${'b'.repeat(8192)}\r\n\r\n`);
    assert.match(await client.rest(), /^HTTP\/1\.1 431 [\s\S]*head-too-large$/);
  });

  it('408 when the head does not come in time', async (fixture) => {
    const { port } = await fixture.gateway(echo, { headTimeout: 200 });
    const client = await fixture.client(port);
    client.send('GET / HTTP/1.1\r\nHost: h\r\nX-');
    assert.match(await client.rest(), /^HTTP\/1\.1 408 [\s\S]*timeout$/);
  });

  it('what is kept with a connection is there for its next request, and for no other connection', async (fixture) => {
    const { port } = await fixture.gateway((x) => {
      x.respond({ status: 200, fields: [], body: `before: ${x.kept}\n` });
      x.kept = x.target;
    });
    const [one, two] = [await fixture.client(port), await fixture.client(port)];
    for (const [client, path, before] of [
      [one, '/1', null],
      [two, '/2', null],
      [one, '/3', '/1'],
      [two, '/4', '/2'],
    ] as const) {
      client.send(`GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`);
      assert.ok((await client.until(/before: .*\n$/)).endsWith(`before: ${before}\n`), path);
    }
  });

  it('heads may come in pieces', async (fixture) => {
    const { port } = await fixture.gateway(echo);
    const client = await fixture.client(port);
    for (const byte of `GET /slow HTTP/1.1\r\nHost: h\r\nX-B: ${'b'.repeat(2000)}\r\nX-A: 1\r\n\r\n`) {
      client.send(byte);
      await new Promise(setImmediate);
    }
    assert.match(await client.until(/\n$/), /\r\n\r\nGET \/slow h 1\n$/);
  });

  it('pipelined requests are answered in their order', async (fixture) => {
    let delay = 3;
    const { port } = await fixture.gateway((x) => {
      const answerAfter = (turns: number): unknown => (turns === 0 ? echo(x) : setImmediate(answerAfter, turns - 1));
      answerAfter(delay--);
    });
    const client = await fixture.client(port);
    client.send(['/1', '/2', '/3'].map((path) => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`).join(''));
    assert.match(await client.until(/\/3 h -\n$/), /\/1 h -\n[\s\S]*\/2 h -\n[\s\S]*\/3 h -\n$/);
  });

  it('a request for an upgrade is an ordinary one', async (fixture) => {
    const { port } = await fixture.gateway(echo);
    const client = await fixture.client(port);
    client.send('GET /w HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    assert.match(await client.until(/\n$/), /^HTTP\/1\.1 200 [\s\S]*GET \/w h -\n$/);
  });

  it('HEAD has the length but not the body', async (fixture) => {
    const { port } = await fixture.gateway(echo);
    const client = await fixture.client(port);
    client.send('HEAD / HTTP/1.1\r\nHost: h\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n');
    const answers = await client.until(/next h -\n$/);
    assert.match(answers, /content-length: 11\r\n([\w-]+: .*\r\n)*\r\nHTTP\/1\.1 200 /i);
  });

  it('an HTTP/1.0 request without Host is answered and its connection closed', async (fixture) => {
    const { port } = await fixture.gateway(echo);
    const client = await fixture.client(port);
    client.send('GET / HTTP/1.0\r\n\r\n');
    assert.match(await client.rest(), /^HTTP\/1\.1 200 [\s\S]*\r\n\r\nGET \/ {2}-\n$/);
  });

  it('a little body that nobody reads does not end the connection', async (fixture) => {
    const { port } = await fixture.gateway(echo);
    const client = await fixture.client(port);
    client.send('POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 30\r\n\r\nGET /inner ');
    await client.until(/\/1 h -\n$/);
    client.send('HTTP/1.1\r\nHost: h\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n');
    assert.match(await client.until(/ -\n$/), /\r\n\r\nGET \/2 h -\n$/);
  });

  it('a little body that nobody reads and that does not come is waited for only so long', async (fixture) => {
    const { port } = await fixture.gateway(echo, { bodyTimeout: 300 });
    const client = await fixture.client(port);
    client.send('POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\n\r\n');
    await client.until(/\/1 h -\n$/);
    client.send('x');
    await client.rest();
  });

  it('a big body that nobody reads does, but without a reset that could take the answer away', async (fixture) => {
    const seen: string[] = [];
    const { port } = await fixture.gateway((x) => {
      seen.push(x.target);
      echo(x);
    });
    const client = await fixture.client(port);
    client.send('POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 30000000\r\n\r\n');
    client.send(Buffer.alloc(30_000_000, 'x'));
    client.send('GET /2 HTTP/1.1\r\nHost: h\r\n\r\n');
    assert.match(await client.rest(), /^HTTP\/1\.1 200 [\s\S]*connection: close\r\n[\s\S]*\/1 h -\n$/i);
    assert.equal(client.error, undefined);
    assert.deepEqual(seen, ['/1']);
  });

  it('a refused expectation of 100-continue closes the connection', async (fixture) => {
    const { port } = await fixture.gateway(echo);
    const client = await fixture.client(port);
    client.send('POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n');
    assert.match(await client.rest(), /^HTTP\/1\.1 200 [\s\S]*connection: close\r\n[\s\S]*\/1 h -\n$/i);
  });

  it('after the end of an exchange its respond does nothing', async (fixture) => {
    const { port } = await fixture.gateway((x) => {
      echo(x);
      x.respond({ status: 500, fields: [], body: 'twice' });
    });
    const client = await fixture.client(port);
    client.send('GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n');
    assert.doesNotMatch(await client.until(/\/2 h -\n$/), /twice/);
  });
}
