/** HTTP/2 to back ends: how connections are shared, and what becomes of requests when one does not do its part. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  createSecureServer,
  createServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type SessionOptions,
} from 'node:http2';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { issue } from '../contract/certificates.ts';
import { Fixture, type Peer } from '../contract/fixture.ts';
import { block, endOfHeaders, endOfStream, FramePeer, frame, reset, settings, types } from '../contract/frames.ts';
import { ask, session } from '../contract/http2-client.ts';
import { netWire } from '../net/index.ts';

const it = (name: string, run: (fixture: Fixture, t: TestContext) => Promise<void>): void =>
  void test(name, { timeout: 20_000 }, (t) => run(new Fixture(netWire, t), t));
const get = 'GET /a HTTP/1.1\r\nHost: h\r\n\r\n';
const only = { http2: 'only' } as const;
/** What is found out is not waited for. */
const patient = { connectTimeout: 600_000 };
const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
};
const okHead = frame(types.headers, endOfHeaders, 1, block([[':status', '200']]));

interface BackEnd {
  readonly port: number;
  /** Connections so far. */
  sessions: number;
  readonly server: Http2Server;
}

async function listen(t: TestContext, server: Http2Server): Promise<BackEnd> {
  const backEnd = { port: 0, sessions: 0, server };
  const open = new Set<{ destroy(): void }>();
  server.on('session', (session) => {
    backEnd.sessions++;
    open.add(session);
    session.on('close', () => open.delete(session));
    session.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const session of open) session.destroy();
  });
  return Object.assign(backEnd, { port: (server.address() as AddressInfo).port });
}

function backEnd(
  t: TestContext,
  serve: (stream: ServerHttp2Stream) => void,
  more: SessionOptions = {},
): Promise<BackEnd> {
  const server = createServer(more);
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => {});
    serve(stream);
  });
  return listen(t, server);
}

/** A back end that speaks frame by frame; `accepted` are its connections. */
async function frameBackEnd(t: TestContext): Promise<{ port: number; accepted: FramePeer[] }> {
  const accepted: FramePeer[] = [];
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    const peer = new FramePeer(socket);
    // What comes first is the preface, which is no frame.
    const [read] = socket.listeners('data') as ((bytes: Buffer) => void)[];
    socket.removeAllListeners('data');
    let early = Buffer.alloc(0);
    socket.on('data', (bytes: Buffer) => {
      early = Buffer.concat([early, bytes]);
      if (early.length < 24) return;
      socket.removeAllListeners('data');
      socket.on('data', read as (bytes: Buffer) => void);
      read?.(early.subarray(24));
    });
    peer.send(settings);
    accepted.push(peer);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (server.address() as AddressInfo).port, accepted };
}

/** The last connection, when there are so many. */
const connection = async (accepted: readonly FramePeer[], count: number): Promise<FramePeer> => {
  await until(() => accepted.length === count);
  return accepted[count - 1] as FramePeer;
};

const request = (peer: FramePeer, stream: number) =>
  peer.until((frame) => frame.type === types.headers && frame.stream === stream);
const answer = (peer: FramePeer, stream: number): void =>
  peer.send(
    frame(types.headers, endOfHeaders, stream, block([[':status', '200']])),
    frame(types.data, endOfStream, stream, 'ok'),
  );
const goaway = (last: number, error = 0): Buffer =>
  frame(types.goaway, 0, 0, Buffer.from([0, 0, 0, last, 0, 0, 0, error]));

it('a connection carries as many requests as the peer allows, the others wait', async (fixture, t) => {
  const open = new Set<ServerHttp2Stream>();
  let most = 0;
  const back = await backEnd(
    t,
    (stream) => {
      open.add(stream);
      most = Math.max(most, open.size);
      stream.on('close', () => open.delete(stream));
    },
    { settings: { maxConcurrentStreams: 3 } },
  );
  const proxy = await fixture.proxy(fixture.upstream(back.port, { ...only, maxConnections: 1 }));
  const client = await session(t, proxy.port);
  const answers = Array.from({ length: 10 }, () => ask(client));
  let answered = 0;
  for (const each of answers) void each.then(() => answered++);
  while (answered < 10) {
    for (const stream of open) {
      if (stream.headersSent) continue;
      stream.respond({ ':status': 200 });
      stream.end('ok');
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.deepEqual(
    (await Promise.all(answers)).map(({ status }) => status),
    Array(10).fill(200),
  );
  assert.equal(most, 3);
  assert.equal(back.sessions, 1);
});

it('another connection is opened when all are full, up to the limit; beyond, requests wait and give up', async (fixture, t) => {
  const held: ServerHttp2Stream[] = [];
  const back = await backEnd(t, (stream) => held.push(stream), { settings: { maxConcurrentStreams: 2 } });
  const upstream = fixture.upstream(back.port, { ...only, maxConnections: 2, connectTimeout: 500 });
  const proxy = await fixture.proxy(upstream);
  const client = await session(t, proxy.port);
  const answers = Array.from({ length: 5 }, () => ask(client));
  const late = await Promise.race(answers);
  assert.deepEqual([late.status, late.body], [502, 'unreachable']);
  assert.deepEqual([held.length, back.sessions], [4, 2]);
  for (const stream of held) {
    stream.respond({ ':status': 200 });
    stream.end();
  }
  assert.equal((await Promise.all(answers)).filter(({ status }) => status === 200).length, 4);
});

it('a back end that takes no second connection is not asked for one all the time', async (fixture, t) => {
  const held: ServerHttp2Stream[] = [];
  const back = await backEnd(t, (stream) => held.push(stream), { settings: { maxConcurrentStreams: 1 } });
  let connections = 0;
  back.server.prependListener('connection', (socket: Socket) => {
    if (++connections > 1) socket.destroy();
  });
  const proxy = await fixture.proxy(fixture.upstream(back.port, { ...only, connectTimeout: 600 }));
  const client = await session(t, proxy.port);
  const first = ask(client);
  await until(() => held.length === 1);
  assert.equal((await ask(client)).body, 'unreachable');
  assert.ok(connections > 1 && connections <= 10, `${connections} connections`);
  held[0]?.respond({ ':status': 200 });
  held[0]?.end('ok');
  assert.equal((await first).body, 'ok');
});

it('what a GOAWAY says was not looked at is asked of another connection, the rest is finished', async (fixture, t) => {
  const { port, accepted } = await frameBackEnd(t);
  const proxy = await fixture.proxy(fixture.upstream(port, only));
  const client = await session(t, proxy.port);
  const seen = ask(client, { ':path': '/seen' });
  const first = await connection(accepted, 1);
  await request(first, 1);
  // Not even a POST was done.
  const unseen = ask(client, { ':method': 'POST', ':path': '/unseen' });
  await request(first, 3);
  first.send(goaway(1));
  const second = await connection(accepted, 2);
  await request(second, 1);
  answer(second, 1);
  answer(first, 1);
  assert.deepEqual([(await seen).body, (await unseen).body], ['ok', 'ok']);
});

it('what a GOAWAY with an error says was not looked at is asked of another connection, the rest has failed', async (fixture, t) => {
  const { port, accepted } = await frameBackEnd(t);
  const proxy = await fixture.proxy(fixture.upstream(port, only));
  const client = await session(t, proxy.port);
  const seen = ask(client, { ':method': 'POST', ':path': '/seen' });
  const first = await connection(accepted, 1);
  await request(first, 1);
  const unseen = ask(client, { ':method': 'POST', ':path': '/unseen' });
  await request(first, 3);
  first.send(goaway(1, 11));
  assert.equal((await seen).body, 'closed');
  const second = await connection(accepted, 2);
  await request(second, 1);
  answer(second, 1);
  assert.equal((await unseen).body, 'ok');
});

it('a refused request is sent once more, unless some of its body has gone', async (fixture, t) => {
  const { port, accepted } = await frameBackEnd(t);
  const proxy = await fixture.proxy(fixture.upstream(port, only));
  const client = await session(t, proxy.port);
  const plain = ask(client, { ':method': 'POST', ':path': '/' });
  const peer = await connection(accepted, 1);
  await request(peer, 1);
  peer.send(reset(1, 7));
  await request(peer, 3);
  answer(peer, 3);
  assert.equal((await plain).body, 'ok');
  const withBody = ask(client, { ':method': 'POST', ':path': '/' }, 'body');
  await request(peer, 5);
  peer.send(reset(5, 7));
  assert.equal((await withBody).body, 'closed');
  const twice = ask(client);
  for (const id of [7, 9]) {
    await request(peer, id);
    peer.send(reset(id, 7));
  }
  assert.equal((await twice).body, 'closed');
});

for (const error of [0, 2, 8]) {
  it(`half an answer is not taken for whole when its stream is reset with ${error}`, async (fixture, t) => {
    const { port, accepted } = await frameBackEnd(t);
    const proxy = await fixture.proxy(fixture.upstream(port, only));
    const old = await fixture.client(proxy.port);
    old.send(get);
    const peer = await connection(accepted, 1);
    await request(peer, 1);
    peer.send(okHead, frame(types.data, 0, 1, 'half'));
    await old.until(/half/);
    peer.send(reset(1, error));
    assert.deepEqual(await proxy.ended(), { failure: 'closed', answered: true });
    assert.doesNotMatch(await old.rest(), /0\r\n\r\n/);
    const answer = ask(await session(t, proxy.port));
    await request(peer, 3);
    peer.send(
      frame(types.headers, endOfHeaders, 3, block([[':status', '200']])),
      frame(types.data, 0, 3, 'half'),
      reset(3, error),
    );
    assert.equal((await answer).code, 2);
  });
}

it('half an answer is not taken for whole when the connection ends', async (fixture, t) => {
  const { port, accepted } = await frameBackEnd(t);
  const proxy = await fixture.proxy(fixture.upstream(port, only));
  const client = await fixture.client(proxy.port);
  client.send(get);
  await until(() => accepted.length === 1);
  await request(accepted[0] as FramePeer, 1);
  accepted[0]?.send(okHead, frame(types.data, 0, 1, 'half'));
  await client.until(/half/);
  accepted[0]?.socket.end();
  assert.deepEqual(await proxy.ended(), { failure: 'closed', answered: true });
  assert.doesNotMatch(await client.rest(), /0\r\n\r\n/);
});

for (const [what, fields, failure] of [
  [
    'has a field of the connection',
    [
      [':status', '200'],
      ['connection', 'close'],
    ],
    'malformed',
  ],
  ['has no status', [['x-a', 'b']], 'malformed'],
  ['switches protocols', [[':status', '101']], 'malformed'],
  ['has a status of no class', [[':status', '600']], 'malformed'],
] as const) {
  it(`502 when the answer ${what}, and the connection goes on`, async (fixture, t) => {
    const { port, accepted } = await frameBackEnd(t);
    const proxy = await fixture.proxy(fixture.upstream(port, only));
    const client = await fixture.client(proxy.port);
    client.send(get);
    const peer = await connection(accepted, 1);
    await request(peer, 1);
    peer.send(frame(types.headers, endOfHeaders, 1, block(fields)));
    assert.match(await client.until(new RegExp(`${failure}$`)), /^HTTP\/1\.1 502 /);
    client.send(get);
    await request(peer, 3);
    answer(peer, 3);
    await client.until(/ok/);
  });
}

it('trailers end the answer and are dropped', async (fixture, t) => {
  const { port } = await backEnd(t, (stream) => {
    stream.respond({ ':status': 200 }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-t': '1' }));
    stream.end('ok');
  });
  const { port: proxy } = await fixture.proxy(fixture.upstream(port, only));
  const client = await fixture.client(proxy);
  client.send(get);
  assert.doesNotMatch(await client.until(/0\r\n\r\n$/), /x-t/);
  assert.equal((await ask(await session(t, proxy))).body, 'ok');
});

it('timeout when the head does not come; the stream is reset, and a connection that is silent not used again', async (fixture, t) => {
  const { port, accepted } = await frameBackEnd(t);
  const proxy = await fixture.proxy(fixture.upstream(port, only), { timeout: 300 });
  const client = await fixture.client(proxy.port);
  client.send(get);
  await client.until(/timeout$/);
  const [silent] = accepted as [FramePeer];
  assert.equal(await silent.ended(1), 8);
  client.send(get);
  await until(() => accepted.length === 2);
  await request(accepted[1] as FramePeer, 1);
  answer(accepted[1] as FramePeer, 1);
  await client.until(/ok/);
});

it('the stream is reset when the client goes, and the connection goes on', async (fixture, t) => {
  const { port, accepted } = await frameBackEnd(t);
  const proxy = await fixture.proxy(fixture.upstream(port, only));
  const client = await fixture.client(proxy.port);
  client.send(get);
  const peer = await connection(accepted, 1);
  await request(peer, 1);
  client.socket.destroy();
  assert.deepEqual(await proxy.ended(), { failure: 'client-gone', answered: false });
  assert.equal(await peer.ended(1), 8);
  const uploader = await fixture.client(proxy.port);
  uploader.send('PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n');
  await peer.until(({ type, stream }) => type === types.data && stream === 3);
  uploader.socket.destroy();
  await peer.ended(3);
  assert.ok(!peer.frames.some(({ stream, flags, type }) => stream === 3 && type === types.data && flags & endOfStream));
});

it('an answer that comes before the body is sent reaches the client, and the upload ends', async (fixture, t) => {
  const { port } = await backEnd(t, (stream) => {
    stream.respond({ ':status': 413 });
    stream.end('no');
  });
  const proxy = await fixture.proxy(fixture.upstream(port, only));
  const client = await fixture.client(proxy.port);
  client.send('PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n');
  client.send(Buffer.alloc(2_000_000, 'x'));
  assert.match(await client.rest(), /^HTTP\/1\.1 413 [\s\S]*connection: close\r\n[\s\S]*no\r\n0\r\n\r\n$/i);
  assert.deepEqual(await proxy.ended(), { failure: null, answered: true });
});

it('an origin with TLS may choose: HTTP/2 over one connection, or HTTP/1.1', async (fixture, t) => {
  const tls = await issue('server', 'localhost');
  const server = createSecureServer({ cert: tls.cert, key: tls.key });
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.respond({ ':status': 200 });
    stream.end('two');
  });
  const back = await listen(t, server as unknown as Http2Server);
  const offered = { ca: [tls.authority], http2: 'offered' as const };
  const chosen = await fixture.proxy(fixture.upstream(0, { ...offered, origin: `https://localhost:${back.port}` }));
  const client = await session(t, chosen.port);
  const answers = await Promise.all(Array.from({ length: 10 }, () => ask(client)));
  assert.deepEqual(
    answers.map(({ body }) => body),
    Array(10).fill('two'),
  );
  assert.equal(back.sessions, 1);

  const old = await fixture.answering(
    'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none',
    createTlsServer({ ...tls, ALPNProtocols: ['http/1.1'] }),
  );
  const other = await fixture.proxy(fixture.upstream(0, { ...offered, origin: `https://localhost:${old}` }));
  const second = await session(t, other.port);
  for (const { body } of await Promise.all(Array.from({ length: 10 }, () => ask(second)))) assert.equal(body, 'one');
  assert.equal((await ask(second, { ':method': 'POST', ':path': '/' }, 'body')).body, 'one');
});

it('unreachable when what should speak HTTP/2 does not, and the request goes on to another, with its body', async (fixture, t) => {
  const tls = await issue('server', 'localhost');
  const plain = await fixture.answering('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n');
  const oldTls = await fixture.answering('', createTlsServer({ ...tls, ALPNProtocols: ['http/1.1'] }));
  const got: string[] = [];
  const alive = await backEnd(t, (stream) => {
    stream.on('data', (chunk) => got.push(String(chunk)));
    stream.on('end', () => {
      stream.respond({ ':status': 200 });
      stream.end('ok');
    });
  });
  const upstreams = [
    fixture.upstream(plain, { ...only, ...patient }),
    fixture.upstream(0, { origin: `https://localhost:${oldTls}`, ca: [tls.authority], ...only, ...patient }),
    fixture.upstream(1, { ...only, ...patient }),
    fixture.upstream(alive.port, only),
  ];
  const failures: string[] = [];
  const { port } = await fixture.gateway((x) => {
    const forward = (at: number): void =>
      x.forward(
        { upstream: upstreams[at] as (typeof upstreams)[0], target: '/', remove: [], set: [], timeout: 5_000 },
        {
          onHead: () => null,
          onEnd(failure) {
            if (failure) failures.push(failure);
            if (failure === 'unreachable') setImmediate(forward, at + 1);
          },
        },
      );
    forward(0);
  });
  assert.equal((await ask(await session(t, port), { ':method': 'POST', ':path': '/' }, 'whole')).body, 'ok');
  assert.deepEqual(failures, ['unreachable', 'unreachable', 'unreachable']);
  assert.equal(got.join(''), 'whole');
});

it('a client certificate is shown, and the one that takes its place on a new connection', async (fixture, t) => {
  const tls = await issue('server', 'localhost');
  const [own, renewed] = [await issue('client', 'gateway'), await issue('client', 'renewed')];
  const server = createSecureServer({ ...tls, ca: [own.authority, renewed.authority], requestCert: true });
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.respond({ ':status': 200 });
    stream.end(((stream.session as ServerHttp2Session).socket as TLSSocket).getPeerCertificate().subject.CN);
  });
  const back = await listen(t, server as unknown as Http2Server);
  const upstream = fixture.upstream(0, {
    origin: `https://localhost:${back.port}`,
    ca: [tls.authority],
    clientCertificate: own,
    ...only,
  });
  const client = await session(t, (await fixture.proxy(upstream)).port);
  assert.equal((await ask(client)).body, 'gateway');
  upstream.present(renewed);
  assert.equal((await ask(client)).body, 'renewed');
});

it('an unused connection is closed after its time, and all by close, which still serves who comes late', async (fixture, t) => {
  const { port, accepted } = await frameBackEnd(t);
  const upstream = fixture.upstream(port, { ...only, idleTimeout: 300 });
  const client = await fixture.client((await fixture.proxy(upstream)).port);
  const turn = async (at: number): Promise<FramePeer> => {
    client.send(get);
    await until(() => accepted.length === at + 1);
    const peer = accepted[at] as FramePeer;
    await request(peer, 1);
    answer(peer, 1);
    await client.until(/ok/);
    return peer;
  };
  await (await turn(0)).closed();
  const second = await turn(1);
  upstream.close();
  await second.closed();
  await (await turn(2)).closed();
});

it('a Host that is set is the authority, and no field is there that HTTP/2 has not', async (fixture, t) => {
  let seen: unknown;
  const back = await backEnd(t, () => {});
  back.server.removeAllListeners('stream');
  back.server.on('stream', (stream: ServerHttp2Stream, headers) => {
    seen = Object.fromEntries(Object.entries(headers));
    stream.respond({ ':status': 200 });
    stream.end('ok');
  });
  const proxy = await fixture.proxy(fixture.upstream(back.port, only), { set: [['host', 'shop.example']] });
  const client: Peer = await fixture.client(proxy.port);
  client.send(
    'GET /a HTTP/1.1\r\nHost: h\r\nX-A: b\r\nTE: trailers\r\nConnection: x-own\r\nX-Own: 1\r\nUpgrade: h2c\r\n' +
      'HTTP2-Settings: x\r\nExpect: 100-continue\r\n\r\n',
  );
  await client.until(/ok/);
  assert.deepEqual(seen, {
    ':method': 'GET',
    ':scheme': 'http',
    ':authority': 'shop.example',
    ':path': '/a',
    'x-a': 'b',
  });
});
