/** HTTP/2 of clients: what is taken, what is refused, and how much of it there may be. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type IncomingHttpHeaders, type IncomingHttpStatusHeader } from 'node:http2';
import { type TestContext, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { issue } from '../contract/certificates.ts';
import { Fixture, Peer, settled } from '../contract/fixture.ts';
import {
  block,
  endOfHeaders,
  endOfStream,
  frame,
  get,
  post,
  preface,
  reset,
  settings,
  types,
} from '../contract/frames.ts';
import { answerOf, ask, frames, session } from '../contract/http2-client.ts';
import { netWire } from '../net/index.ts';
import type { ServerExchange } from '../wire.ts';

const it = (name: string, run: (fixture: Fixture, t: TestContext) => Promise<void>): void =>
  void test(name, { timeout: 20_000 }, (t) => run(new Fixture(netWire, t), t));
const say = (x: ServerExchange): void => x.respond({ status: 200, fields: [], body: `${x.method} ${x.target}` });
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const whole = endOfHeaders | endOfStream;
const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
};

it('an exchange says what was asked', async (fixture, t) => {
  let seen: unknown;
  const { port } = await fixture.gateway((x) => {
    const fields = ['x-b', 'cookie', 'host', 'no'].map((name) => x.header(name));
    seen = [x.method, x.target, x.host, x.secure, x.remoteAddress, ...fields];
    x.respond({ status: 201, fields: [['x-y', 'z']], body: 'grüezi' });
  });
  const client = await session(t, port);
  const answer = await ask(client, {
    ':method': 'PATCH',
    ':path': '/a/%7e?b=c',
    ':authority': 'h:1',
    'x-b': ['1', '2'],
    cookie: ['a=1', 'b=2'],
  });
  assert.deepEqual(seen, ['PATCH', '/a/%7e?b=c', 'h:1', false, '127.0.0.1', '1, 2', 'a=1; b=2', 'h:1', undefined]);
  assert.deepEqual([answer.status, answer.body, answer.code], [201, 'gr\xc3\xbcezi', 0]);
  assert.equal(answer.headers['x-y'], 'z');
  assert.equal(answer.headers['content-length'], '7');
  assert.match(answer.headers.date ?? '', /^\w{3}, \d\d \w{3} \d{4} /);
});

it('over TLS the client chooses by ALPN, and one that offers nothing gets HTTP/1.1', async (fixture, t) => {
  const tls = await issue('server', 'localhost');
  const { port } = await fixture.gateway((x) => x.respond({ status: 200, fields: [], body: `${x.secure}` }), { tls });
  assert.equal((await ask(await session(t, port, tls.authority))).body, 'true');
  for (const offered of [undefined, ['http/1.1'], ['http/1.1', 'x']]) {
    const socket = connectTls({
      port,
      host: '127.0.0.1',
      ca: tls.authority,
      servername: 'localhost',
      ...(offered && { ALPNProtocols: offered }),
    });
    const client = new Peer(socket);
    client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
    assert.match(await client.until(/true$/), /^HTTP\/1\.1 200 /);
  }
});

it('the certificate that a client has shown is that of all its requests', async (fixture, t) => {
  const [tls, shown] = [await issue('server', 'localhost'), await issue('client', 'partner')];
  const { port } = await fixture.gateway(
    (x) => x.respond({ status: 200, fields: [], body: x.clientCertificate?.subject ?? 'none' }),
    { tls: { ...tls, asksForCertificate: true } },
  );
  const client = connect(`https://localhost:${port}`, { ca: tls.authority, cert: shown.cert, key: shown.key });
  t.after(() => client.destroy());
  for (let i = 0; i < 2; i++) assert.match((await ask(client)).body, /CN=partner/);
  assert.equal((await ask(await session(t, port, tls.authority))).body, 'none');
});

it('400 to the preface where HTTP/2 is switched off, and after a request', async (fixture) => {
  const off = await fixture.client((await fixture.gateway(say, { http2: false })).port);
  off.send(preface);
  assert.match(await off.rest(), /^HTTP\/1\.1 400 /);
  const late = await fixture.client((await fixture.gateway(say)).port);
  late.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
  await late.until(/GET \/$/);
  late.send(preface);
  assert.match(await late.rest(), /^HTTP\/1\.1 400 /);
});

it('the preface may come in pieces', async (fixture, t) => {
  const { port } = await fixture.gateway(say);
  const client = await frames(t, port);
  for (const byte of Buffer.concat([preface, frame(types.headers, whole, 1, block(get))])) {
    client.send(Buffer.from([byte]));
    await new Promise(setImmediate);
  }
  await client.until(({ type, stream, flags }) => type === types.data && stream === 1 && (flags & endOfStream) > 0);
});

it('requests of one connection do not wait for each other', async (fixture, t) => {
  const held: ServerExchange[] = [];
  const { port } = await fixture.gateway((x) => (x.target === '/hold' ? held.push(x) : say(x)));
  const client = await session(t, port);
  const slow = ask(client, { ':path': '/hold' });
  assert.equal((await ask(client, { ':path': '/a' })).body, 'GET /a');
  await until(() => held.length === 1);
  say(held[0] as ServerExchange);
  assert.equal((await slow).body, 'GET /hold');
});

it('HEAD has the length but not the body', async (fixture, t) => {
  const { port } = await fixture.gateway(say);
  const answer = await ask(await session(t, port), { ':method': 'HEAD' });
  assert.deepEqual([answer.status, answer.headers['content-length'], answer.body], [200, '6', '']);
});

it('400 to what HTTP/1.1 would refuse too, and the connection goes on', async (fixture, t) => {
  let handled = 0;
  const { port } = await fixture.gateway((x) => {
    handled++;
    say(x);
  });
  const client = await session(t, port);
  for (const fields of [
    { ':path': '/a#b' },
    { ':path': '/a<b' },
    { ':path': '/a\\b' },
    { ':authority': 'a', host: 'b' },
    { ':path': '/', expect: 'x' },
  ]) {
    const answer = await ask(client, fields);
    assert.deepEqual([answer.status, answer.body], [400, 'malformed'], JSON.stringify(fields));
  }
  assert.equal(handled, 0);
  assert.equal((await ask(client)).status, 200);
});

it('a stream is reset that breaks the rules of HTTP/2, and the connection goes on', async (fixture, t) => {
  let handled = 0;
  const { port } = await fixture.gateway((x) => {
    handled++;
    say(x);
  });
  const client = await frames(t, port);
  client.send(preface);
  const broken: (readonly (readonly [string, string])[])[] = [
    [...get, ['connection', 'close']],
    [...get, ['transfer-encoding', 'chunked']],
    [...get, ['keep-alive', '5']],
    [...get, ['te', 'gzip']],
    [...get, ['X-A', 'b']],
    [...get, [':path', '/again']],
    [['x-a', 'b'], ...get],
    get.slice(1),
    get.filter(([name]) => name !== ':path'),
    [...get, ['content-length', '5']],
    [...get, [':status', '200']],
  ];
  for (const [i, fields] of broken.entries()) {
    client.send(frame(types.headers, whole, 2 * i + 1, block(fields)));
    assert.equal(await client.ended(2 * i + 1), 1, JSON.stringify(fields));
  }
  assert.equal(handled, 0);
  client.send(frame(types.headers, whole, 101, block(get)));
  await client.until(({ type, stream }) => type === types.data && stream === 101);
});

it('a field that has characters which HTTP has not goes nowhere', async (fixture, t) => {
  const seen: (string | undefined)[] = [];
  const { port } = await fixture.gateway((x) => {
    seen.push(x.header('x-a'), x.header('x-c'));
    say(x);
  });
  const client = await frames(t, port);
  client.send(preface);
  for (const [i, value] of ['b\r\nx-c: d', 'b\0', ' b', 'b '].entries())
    client.send(frame(types.headers, whole, 2 * i + 1, block([...get, ['x-a', value]])));
  await client.until(({ type, stream }) => type === types.data && stream === 7);
  assert.deepEqual(seen, Array(8).fill(undefined));
});

for (const [what, body] of [
  ['less', 'abc'],
  ['more', 'abcdefgh'],
] as const) {
  it(`a body of ${what} than its content-length never reaches the upstream whole`, async (fixture, t) => {
    const backend = await fixture.backend((peer) => arrived.push(peer));
    const arrived: Peer[] = [];
    const proxy = await fixture.proxy(fixture.upstream(backend));
    const client = await frames(t, proxy.port);
    client.send(preface, frame(types.headers, endOfHeaders, 1, block([...post, ['content-length', '5']])));
    await until(() => arrived.length === 1);
    client.send(frame(types.data, endOfStream, 1, body));
    assert.deepEqual(await proxy.ended(), { failure: 'client-gone', answered: false });
    const [, got = ''] = (await (arrived[0] as Peer).rest()).split('\r\n\r\n');
    assert.ok(got.length < 5, got);
  });
}

it('a reset in the midst of a body, even one without an error, is no end of it', async (fixture, t) => {
  const arrived: Peer[] = [];
  const backend = await fixture.backend((peer) => arrived.push(peer));
  const proxy = await fixture.proxy(fixture.upstream(backend));
  const client = await frames(t, proxy.port);
  client.send(preface);
  for (const [i, error] of [0, 8].entries()) {
    const id = 2 * i + 1;
    client.send(frame(types.headers, endOfHeaders, id, block(post)), frame(types.data, 0, id, 'half'));
    await until(() => arrived.length === i + 1);
    client.send(reset(id, error));
    assert.deepEqual(await proxy.ended(), { failure: 'client-gone', answered: false });
    assert.doesNotMatch(await (arrived[i] as Peer).rest(), /0\r\n\r\n$/);
  }
});

it('a request that is reset is given up at the upstream, and the others of its connection are not', async (fixture, t) => {
  const arrived: Peer[] = [];
  const backend = await fixture.backend((peer) => arrived.push(peer));
  const proxy = await fixture.proxy(fixture.upstream(backend));
  const client = await session(t, proxy.port);
  const stays = ask(client, { ':path': '/stays' });
  await until(() => arrived.length === 1);
  const goes = client.request({ ':path': '/goes' });
  goes.on('error', () => {});
  await until(() => arrived.length === 2);
  goes.close(8);
  assert.deepEqual(await proxy.ended(), { failure: 'client-gone', answered: false });
  await arrived[1]?.rest();
  arrived[0]?.send(ok);
  const { body, headers } = await stays;
  assert.equal(body, 'ok');
  assert.match(headers.date ?? '', /^\w{3}, /);
});

it('the stream is reset when the answer ends too early', async (fixture, t) => {
  for (const head of ['Content-Length: 100\r\n\r\nhalf', 'Transfer-Encoding: chunked\r\n\r\n64\r\nhalf']) {
    const backend = await fixture.backend(async (peer) => {
      await peer.until(/\r\n\r\n/);
      peer.send(`HTTP/1.1 200 OK\r\n${head}`);
      peer.socket.end();
    });
    const proxy = await fixture.proxy(fixture.upstream(backend));
    const answer = await ask(await session(t, proxy.port));
    assert.deepEqual(await proxy.ended(), { failure: 'closed', answered: true });
    assert.deepEqual([answer.status, answer.code], [200, 2]);
  }
});

it('413, 414 and 431 when a body, a target or a head is over its limit', async (fixture, t) => {
  const backend = await fixture.backend(() => {});
  const proxy = await fixture.proxy(fixture.upstream(backend), {}, { maxBodySize: 100 });
  const client = await session(t, proxy.port);
  const post = { ':method': 'POST', ':path': '/' };
  assert.equal((await ask(client, { ...post, 'content-length': '101' }, 'x'.repeat(101))).status, 413);
  const late = await ask(client, post, 'x'.repeat(101));
  assert.deepEqual([late.status, late.body], [413, 'body-too-large']);
  assert.deepEqual(await proxy.ended(), { failure: 'client-gone', answered: false });
  assert.equal((await ask(client, { ':path': `/${'a'.repeat(1024)}` })).status, 414);
  assert.equal((await ask(client, { 'x-a': 'a'.repeat(8192) })).status, 431);
  const many = Object.fromEntries(Array.from({ length: 128 }, (_, i) => [`x-${i}`, '']));
  assert.equal((await ask(client, many)).status, 431);
});

it('a head without end is not kept: the connection ends after 8 frames of it', async (fixture, t) => {
  const { port } = await fixture.gateway(say);
  const client = await frames(t, port);
  client.send(preface, frame(types.headers, endOfStream, 1, block(get)));
  for (let i = 0; i < 20; i++) client.send(frame(types.more, 0, 1, block([[`x-${i}`, 'y']])));
  assert.notEqual(await client.ended(0), 0);
  await client.closed();
});

it('a head of many small fields is not kept: the stream is reset', async (fixture, t) => {
  const { port } = await fixture.gateway(say);
  const client = await frames(t, port);
  client.send(
    preface,
    frame(types.headers, whole, 1, block([...get, ...Array.from({ length: 400 }, () => ['x', ''] as const)])),
  );
  assert.equal(await client.ended(1), 11);
});

it('a head that does not come in time ends the connection', async (fixture, t) => {
  const { port } = await fixture.gateway(say, { headTimeout: 300 });
  const client = await frames(t, port);
  client.send(preface, frame(types.headers, endOfStream, 1, block(get)));
  assert.equal(await client.ended(0), 11);
  await client.closed();
  const silent = await frames(t, port);
  silent.send(preface.subarray(0, 24));
  await silent.closed();
});

it('an idle connection is closed after its time, and not while a request is under way', async (fixture, t) => {
  const held: ServerExchange[] = [];
  const { port } = await fixture.gateway((x) => held.push(x), { keepAliveTimeout: 300 });
  const client = await frames(t, port);
  client.send(preface, frame(types.headers, whole, 1, block(get)));
  await until(() => held.length === 1);
  const idle = await frames(t, port);
  idle.send(preface);
  assert.equal(await idle.ended(0), 0);
  await idle.closed();
  assert.equal(client.isClosed, false);
  say(held[0] as ServerExchange);
  await client.closed();
});

it('a connection ends with the last request that it may carry', async (fixture, t) => {
  const { port } = await fixture.gateway(say, { maxRequests: 2 });
  const client = await session(t, port);
  assert.equal((await ask(client)).status, 200);
  const ended = once(client, 'goaway');
  assert.equal((await ask(client)).status, 200);
  assert.equal((await ended)[0], 0);
});

it('drain lets streams finish, says so, and ends', async (fixture, t) => {
  const held: ServerExchange[] = [];
  const { port, server } = await fixture.gateway((x) => held.push(x));
  const client = await session(t, port);
  const idle = await session(t, port);
  const answer = ask(client);
  await until(() => held.length === 1);
  const [told, toldIdle] = [once(client, 'goaway'), once(idle, 'close')];
  let isDrained = false;
  const done = server.drain(10_000).then(() => {
    isDrained = true;
  });
  assert.deepEqual((await told).slice(0, 2), [0, 2 ** 31 - 1]);
  await toldIdle;
  assert.equal(isDrained, false);
  say(held[0] as ServerExchange);
  assert.equal((await answer).status, 200);
  await done;
});

it('a client that stops sending its body is reset', async (fixture, t) => {
  const backend = await fixture.backend(() => {});
  const proxy = await fixture.proxy(fixture.upstream(backend), {}, { bodyTimeout: 300 });
  const client = await session(t, proxy.port);
  const stream = client.request({ ':method': 'PUT', ':path': '/' });
  stream.write('half');
  const answer = answerOf(stream);
  assert.deepEqual(await proxy.ended(), { failure: 'client-gone', answered: false });
  assert.notEqual((await answer).code, 0);
});

it('a client that opens windows for no answer is reset, and a download waits for the window', async (fixture, t) => {
  const size = 32 * 1024 * 1024;
  let sent = 0;
  const backend = await fixture.backend(async (peer) => {
    await peer.until(/\r\n\r\n/);
    peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
    for (const piece = Buffer.alloc(65_536); sent < size && !peer.socket.destroyed; sent += piece.length)
      if (!peer.socket.write(piece)) await Promise.race([once(peer.socket, 'drain'), once(peer.socket, 'close')]);
  });
  const proxy = await fixture.proxy(fixture.upstream(backend), {}, { bodyTimeout: 1_000 });
  const client = await frames(t, proxy.port);
  client.send(preface, frame(types.headers, whole, 1, block(get)));
  assert.ok((await settled(() => sent)) < size / 2, `${sent} went ahead`);
  assert.deepEqual(await proxy.ended(), { failure: 'client-gone', answered: true });
  await client.until(({ type, stream }) => type === types.reset && stream === 1);
});

it('no more than 100 requests at the same time: the next is refused, or ends a connection that should know', async (fixture, t) => {
  let open = 0;
  const { port } = await fixture.gateway(() => open++);
  const requests = Array.from({ length: 101 }, (_, i) => frame(types.headers, whole, 2 * i + 1, block(get)));
  const early = await frames(t, port);
  early.send(preface, ...requests);
  assert.equal(await early.ended(201), 7);
  assert.equal(open, 100);
  const late = await frames(t, port);
  late.send(preface);
  await late.until(({ type, flags }) => type === types.settings && flags === 0);
  late.send(frame(types.settings, 1, 0), ...requests);
  assert.equal(await late.ended(0), 1);
  assert.ok(open <= 200);
});

it('rapid reset ends the connection after few hundred requests', async (fixture, t) => {
  let handled = 0;
  const { port } = await fixture.gateway(() => handled++);
  const client = await frames(t, port);
  client.send(preface);
  for (let i = 0; i < 5_000 && !client.isClosed; i++) {
    client.send(frame(types.headers, whole, 2 * i + 1, block(get)), reset(2 * i + 1, 8));
    if (i % 20 === 0) await new Promise(setImmediate);
  }
  assert.equal(await client.ended(0), 11);
  await client.closed();
  assert.ok(handled < 1_000, `${handled} requests`);
});

const floods: Record<string, Buffer> = {
  PING: frame(types.ping, 0, 0, Buffer.alloc(8)),
  SETTINGS: settings,
  WINDOW_UPDATE: frame(types.window, 0, 0, Buffer.from([0, 0, 0, 1])),
  PRIORITY: frame(types.priority, 0, 3, Buffer.from([0, 0, 0, 0, 1])),
  'frames that nobody knows': frame(0xbb, 0, 0, Buffer.alloc(8)),
};
for (const [what, bytes] of Object.entries(floods)) {
  it(`a flood of ${what} ends the connection, few of them do not`, async (fixture, t) => {
    const { port } = await fixture.gateway(say);
    const client = await frames(t, port);
    client.send(preface);
    for (let i = 0; i < 200; i++) client.send(bytes);
    client.send(frame(types.headers, whole, 1, block(get)));
    await client.until(({ type, stream }) => type === types.data && stream === 1);
    const many = Buffer.concat(Array(1_000).fill(bytes));
    for (let i = 0; i < 300 && !client.isClosed; i++) {
      client.send(many);
      await new Promise(setImmediate);
    }
    await client.closed();
  });
}

it('a body in small frames is no flood', async (fixture, t) => {
  const backend = await fixture.backend(async (peer) => {
    await peer.until(/0\r\n\r\n$/);
    peer.send(ok);
  });
  const { port } = await fixture.proxy(fixture.upstream(backend));
  const client = await frames(t, port);
  client.send(preface, frame(types.headers, endOfHeaders, 1, block(post)));
  const pieces = Buffer.concat(Array(1_000).fill(frame(types.data, 0, 1, 'x')));
  for (let i = 0; i < 60; i++) {
    client.send(pieces);
    await new Promise(setImmediate);
  }
  client.send(frame(types.data, endOfStream, 1));
  await client.until(({ type, stream, flags }) => type === types.data && stream === 1 && (flags & endOfStream) > 0);
});

it('an interim answer goes on, whatever the back end calls its fields', async (fixture, t) => {
  const fields = 'Constructor: 1\r\n__proto__: 2\r\nLink: 3\r\nLink: 4\r\n';
  const backend = await fixture.answering(`HTTP/1.1 103 Early Hints\r\n${fields}\r\n${ok}`);
  const { port } = await fixture.proxy(fixture.upstream(backend));
  const stream = (await session(t, port)).request();
  const interim = once(stream, 'headers') as Promise<[IncomingHttpHeaders & IncomingHttpStatusHeader]>;
  const answer = await answerOf(stream);
  const [early] = await interim;
  assert.deepEqual([early[':status'], early.link], [103, '3, 4']);
  assert.equal(Object.getOwnPropertyDescriptor(early, 'constructor')?.value, '1');
  assert.deepEqual([answer.status, answer.body, answer.code], [200, 'ok', 0]);
});

it('205 comes without the body that the back end sends with it, and without its length', async (fixture, t) => {
  const backend = await fixture.answering('HTTP/1.1 205 Reset Content\r\nContent-Length: 2\r\n\r\nok');
  const { port } = await fixture.proxy(fixture.upstream(backend));
  const client = await session(t, port);
  for (let i = 0; i < 2; i++) {
    const { status, body, code, headers } = await ask(client);
    assert.deepEqual([status, body, code, headers['content-length']], [205, '', 0, undefined]);
  }
});

it('a connection that takes nothing ends, with answers under way that have no body too', async (fixture, t) => {
  const { port, server } = await fixture.gateway(
    (x) => x.respond({ status: x.target === '/' ? 200 : 204, fields: [], body: 'x'.repeat(32 * 1024 * 1024) }),
    { bodyTimeout: 300, keepAliveTimeout: 300 },
  );
  const peer = await frames(t, port);
  const [window, most] = [Buffer.alloc(6), Buffer.alloc(4)];
  window.writeUInt16BE(4);
  window.writeUInt32BE(2 ** 31 - 1, 2);
  most.writeUInt32BE(2 ** 31 - 65_536);
  peer.send(preface, frame(types.settings, 0, 0, window), frame(types.window, 0, 0, most));
  peer.send(frame(types.headers, whole, 1, block(get)));
  await peer.until(({ type }) => type === types.data);
  peer.socket.pause();
  const nothing = get.map(([name, value]) => [name, name === ':path' ? '/nothing' : value] as const);
  for (let id = 3; id < 40; id += 2) peer.send(frame(types.headers, whole, id, block(nothing)));
  const { socket } = peer;
  // It reads no more, so that only a write tells it of the end.
  const writing = setInterval(() => socket.write(frame(types.ping, 0, 0, Buffer.alloc(8))), 50);
  t.after(() => clearInterval(writing));
  await peer.closed();
  await server.drain(10_000);
});

it('a field of an answer that HTTP has not is never sent, and ends nothing', async (fixture, t) => {
  const backend = await fixture.answering(ok);
  const set = [
    ['x-a', 'a\r\nx-b: 2'],
    ['x-c', '\u010a'],
    ['x-d', '3'],
  ] as const;
  const edited = await fixture.proxy(fixture.upstream(backend), { edits: { remove: [], set } });
  const local = await fixture.gateway((x) => x.respond({ status: 200, fields: set, body: 'ok' }));
  for (const { port } of [edited, local]) {
    const { headers, body } = await ask(await session(t, port));
    assert.equal(body, 'ok');
    assert.deepEqual(
      [headers['x-a'], headers['x-b'], headers['x-c'], headers['x-d']],
      [undefined, undefined, undefined, '3'],
    );
  }
});
