/** Contract: clients that shut their sending side when they have asked for everything (RFC 9112 9.6). */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ServerExchange } from '../wire.ts';
import { issue } from './certificates.ts';
import { type Case, Peer, settled } from './fixture.ts';

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`;
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const say = (x: ServerExchange): void => x.respond({ status: 200, fields: [], body: `${x.target}.` });

/** A back end that has not answered yet when the client's shutting comes. */
async function answeringLate(peer: Peer): Promise<void> {
  for (;;) {
    await peer.until(/\r\n\r\n/);
    setTimeout(() => peer.send(ok), 100);
  }
}

/** A client whose socket goes on reading after `end`. */
async function openClient(port: number): Promise<Peer> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  socket.on('end', () => socket.end());
  return new Peer(socket);
}

export function halfClosing(it: Case): void {
  it('200 to a client that shuts its sending side behind its request', async (fixture) => {
    const backend = await fixture.backend(answeringLate);
    const proxy = await fixture.proxy(fixture.upstream(backend));
    for (const request of [get('/'), 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc']) {
      const client = await openClient(proxy.port);
      client.socket.end(request);
      assert.match(await client.rest(), /^HTTP\/1\.1 200 [\s\S]*\r\n\r\nok$/);
      assert.deepEqual(await proxy.ended(), { failure: null, answered: true });
    }
  });

  it('a body that came whole goes on whole when its client shut its sending side before anybody wanted it', async (fixture) => {
    const size = 60_000;
    let got = '';
    const backend = await fixture.backend(async (peer) => {
      got = await peer.until(/!$/);
      peer.send(ok);
    });
    const upstream = fixture.upstream(backend);
    const { port } = await fixture.gateway((x) => {
      const request = { upstream, target: '/', remove: [], set: [], timeout: 5_000 };
      setTimeout(() => x.forward(request, { onHead: () => null, onEnd() {} }), 100);
    });
    const client = await openClient(port);
    client.socket.end(`POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ${size + 1}\r\n\r\n${'x'.repeat(size)}!`);
    assert.match(await client.rest(), /^HTTP\/1\.1 200 [\s\S]*\r\n\r\nok$/);
    assert.equal(got.slice(got.indexOf('\r\n\r\n') + 4), `${'x'.repeat(size)}!`);
  });

  it('a body that did not come whole ends the request when its client shut its sending side before anybody wanted it', async (fixture) => {
    let got = '';
    const backend = await fixture.backend(async (peer) => {
      got = await peer.rest();
    });
    const upstream = fixture.upstream(backend);
    const { promise: ended, resolve: end } = Promise.withResolvers<string | null>();
    const { port } = await fixture.gateway((x) => {
      const request = { upstream, target: '/', remove: [], set: [], timeout: 5_000 };
      setTimeout(() => x.forward(request, { onHead: () => null, onEnd: end }), 100);
    });
    const client = await openClient(port);
    client.socket.end('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf');
    assert.equal(await ended, 'client-gone');
    assert.match(await client.rest(), /^$|^HTTP\/1\.1 400 /);
    assert.doesNotMatch(got, /half.|\r\n0\r\n/);
  });

  it('an answer reaches a client that shut its sending side within a body that nobody wants', async (fixture) => {
    const { port } = await fixture.gateway((x) => void setTimeout(say, 100, x));
    const client = await openClient(port);
    client.socket.end('POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf');
    assert.match(await client.rest(), /^HTTP\/1\.1 200 [\s\S]*\r\n\r\n\/a\.$/);
  });

  it('200 to a client with TLS that shuts its sending side behind its request', async (fixture) => {
    const backend = await fixture.backend(answeringLate);
    const tls = await issue('server', 'localhost');
    const { port } = await fixture.proxy(fixture.upstream(backend), {}, { tls });
    const socket = connectTls({ port, host: '127.0.0.1', ca: tls.authority, servername: 'localhost' });
    socket.allowHalfOpen = true;
    await once(socket, 'secureConnect');
    socket.on('end', () => socket.end());
    const client = new Peer(socket);
    socket.end(get('/'));
    assert.match(await client.rest(), /^HTTP\/1\.1 200 [\s\S]*\r\n\r\nok$/);
  });

  it('all of its pipelined requests are answered to a client that shuts its sending side', async (fixture) => {
    const { port } = await fixture.gateway((x) => void setTimeout(say, 20, x));
    const client = await openClient(port);
    const paths = ['/1', '/2', '/3', '/4'];
    client.socket.end(paths.map(get).join(''));
    assert.deepEqual((await client.rest()).match(/(?<=\r\n\r\n)\/\d+(?=\.)/g), paths);
  });

  it('an answer that takes its time reaches a client that shut its sending side and still reads', async (fixture) => {
    const size = 24 * 1024 * 1024;
    const backend = await fixture.backend(async (peer) => {
      await peer.until(/\r\n\r\n/);
      peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
      peer.send(Buffer.alloc(size));
    });
    const proxy = await fixture.proxy(fixture.upstream(backend));
    const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
    let got = 0;
    let head = -1;
    socket.on('data', (bytes) => {
      if (head < 0) head = bytes.indexOf('\r\n\r\n') + 4;
      got += bytes.length;
      if (got > size / 2) return;
      // Longer in all than a client that takes nothing is waited for.
      socket.pause();
      setTimeout(() => socket.resume(), 10);
    });
    socket.end(get('/'));
    await once(socket, 'end');
    socket.destroy();
    assert.equal(got - head, size);
    assert.deepEqual(await proxy.ended(), { failure: null, answered: true });
  });

  it('the upstream request is given up when a client that shut its sending side has been silent for long', async (fixture) => {
    const { port: backend, arrived } = await fixture.holding();
    const proxy = await fixture.proxy(fixture.upstream(backend));
    const client = await openClient(proxy.port);
    client.socket.end(get('/'));
    assert.deepEqual(await proxy.ended(), { failure: 'client-gone', answered: false });
    assert.equal(await client.rest(), '');
    await (await arrived).rest();
  });

  it('the upstream request is given up at once when the client resets its connection', async (fixture) => {
    const { port: backend, arrived } = await fixture.holding();
    const proxy = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(proxy.port);
    client.send(get('/'));
    await arrived;
    const from = performance.now();
    client.socket.resetAndDestroy();
    assert.deepEqual(await proxy.ended(), { failure: 'client-gone', answered: false });
    assert.ok(performance.now() - from < 900, 'as late as one that only sends no more');
  });

  it('the upstream request is given up at once when a client shuts its sending side within its body', async (fixture) => {
    const { port: backend, arrived } = await fixture.holding(/half$/);
    const proxy = await fixture.proxy(fixture.upstream(backend));
    const client = await openClient(proxy.port);
    client.send('PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf');
    await arrived;
    client.socket.end();
    assert.deepEqual(await proxy.ended(), { failure: 'client-gone', answered: false });
    assert.match(await client.rest(), /^$|^HTTP\/1\.1 400 /);
  });

  it('400 to a client that shuts its sending side within a head', async (fixture) => {
    let served = 0;
    const { port } = await fixture.gateway((x) => {
      served++;
      setImmediate(say, x);
    });
    for (const [before, count] of [
      ['', 0],
      [get('/1'), 1],
    ] as const) {
      served = 0;
      const client = await openClient(port);
      client.socket.end(`${before}GET /2 HTTP/1.1\r\nHos`);
      assert.match(await client.rest(), /HTTP\/1\.1 400 [\s\S]*malformed$/);
      assert.equal(served, count);
    }
  });

  it('local answers reach a client that shuts its sending side and reads slowly', async (fixture) => {
    const body = 'X'.repeat(12_000_000);
    let served = 0;
    const { port } = await fixture.gateway((x) => {
      served++;
      x.respond({ status: 200, fields: [], body });
    });
    for (const count of [1, 2]) {
      served = 0;
      const client = await openClient(port);
      client.socket.pause();
      client.send(get('/').repeat(count));
      while (served === 0) await new Promise(setImmediate);
      client.socket.end();
      await settled(() => served);
      client.socket.resume();
      assert.equal((await client.rest()).match(/X+/g)?.join('').length, count * body.length);
    }
  });
}
