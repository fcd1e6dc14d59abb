/** Contract: requests to switch to another protocol, and the tunnels that come of them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:tls';
import type { ServerExchange, ServerOptions } from '../wire.ts';
import { issue } from './certificates.ts';
import { type Case, type End, type Fixture, Peer, settled } from './fixture.ts';

const upgrades = ['websocket'];
const key = 'dGhlIHNhbXBsZSBub25jZQ==';
const accept = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
/** The example of RFC 6455 1.3. */
const ask = `GET /chat HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key: ${key}\r\n\r\n`;
const agree = `HTTP/1.1 101 Yes\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;

/**
 * A tunnel to a back end that has agreed; both ends, and how it goes on.
 * @param endsByItself a side answers the end of the other with its own
 */
async function open(fixture: Fixture, options: Partial<ServerOptions> = {}, endsByItself = true) {
  const { promise: agreed, resolve } = Promise.withResolvers<Peer>();
  const backend = await fixture.backend(async (peer) => {
    peer.socket.allowHalfOpen = !endsByItself;
    await peer.until(/\r\n\r\n/);
    peer.send(agree);
    resolve(peer);
  });
  const proxy = await fixture.proxy(fixture.upstream(backend), { upgrade: true }, { upgrades, ...options });
  const client = await fixture.client(proxy.port);
  client.socket.allowHalfOpen = !endsByItself;
  client.send(ask);
  await client.until(/\r\n\r\n$/);
  return { ...proxy, client, peer: await agreed };
}

/** Writes until `size` bytes have gone; returns how many have. */
function pour(socket: Socket, size: number): { sent: number } {
  const block = Buffer.alloc(65_536, 'x');
  const progress = { sent: 0 };
  void (async () => {
    while (progress.sent < size) {
      progress.sent += block.length;
      if (!socket.write(block)) await once(socket, 'drain');
    }
  })();
  return progress;
}

/** What every wire keeps to. */
export function dropping(it: Case): void {
  const dropped: Readonly<Record<string, string>> = {
    'to another protocol': 'GET /a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: tls/1.0\r\n\r\n',
    'to HTTP/2':
      'GET /a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n',
    'with settings of HTTP/2 that Connection does not name':
      'GET /a HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nHTTP2_Settings: AA\r\n\r\n',
    'to one of several': 'GET /a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket, h2c\r\n\r\n',
    'to several in as many lines':
      'GET /a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n\r\n',
    'without the word in Connection': 'GET /a HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\r\n',
    'to a WebSocket without a key': ask.replace(`Sec-WebSocket-Key: ${key}\r\n`, ''),
    'to a WebSocket with two keys': ask.replace('\r\n\r\n', `\r\nSec-WebSocket-Key: ${key}\r\n\r\n`),
    'to a WebSocket by POST': ask.replace('GET', 'POST'),
    'with a body':
      'GET /a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 1\r\n\r\nb',
    'of HTTP/1.0': 'GET /a HTTP/1.0\r\nConnection: Upgrade, keep-alive\r\nUpgrade: websocket\r\n\r\n',
  };
  for (const [what, request] of Object.entries(dropped)) {
    it(`a request for an upgrade ${what} goes on without it`, async (fixture) => {
      const heads: string[] = [];
      const backend = await fixture.backend(async (peer) => {
        heads.push(await peer.until(/\r\n\r\nb?$/));
        peer.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      });
      const { port } = await fixture.proxy(fixture.upstream(backend), { upgrade: true }, { upgrades });
      const client = await fixture.client(port);
      client.send(request);
      assert.match(await client.until(/ok$/), /^HTTP\/1\.1 200 /);
      assert.doesNotMatch(heads[0] as string, /upgrade|http2|: websocket|h2c/i);
    });
  }
}

/** What one keeps to that can't switch. */
export function refusing(it: Case): void {
  it('501 to a request for an upgrade that the server is to offer', async (fixture) => {
    const { port } = await fixture.gateway(() => assert.fail('it is no exchange'), { upgrades });
    const client = await fixture.client(port);
    client.send(ask);
    assert.match(await client.rest(), /^HTTP\/1\.1 501 [\s\S]*upgrade-not-built$/);
  });
}

export function tunnelling(it: Case): void {
  it('101 makes a tunnel, and what came early on either side goes through it', async (fixture) => {
    const heads: string[] = [];
    const { promise: asked, resolve } = Promise.withResolvers<Peer>();
    const backend = await fixture.backend(async (peer) => {
      heads.push(await peer.until(/\r\n\r\n/));
      resolve(peer);
    });
    const {
      port,
      ended,
      heads: answers,
    } = await fixture.proxy(
      fixture.upstream(backend),
      { upgrade: true, edits: { remove: ['x-secret'], set: [['x-ours', '1']] } },
      { upgrades },
    );
    const client = await fixture.client(port);
    client.send(`${ask}early `);
    const peer = await asked;
    assert.equal(await settled(() => peer.received.length), 0, 'nothing goes before the answer');
    peer.send(agree.replace('\r\n\r\n', '\r\nX-Secret: 1\r\n\r\nfirst '));
    assert.deepEqual(heads[0]?.split('\r\n'), [
      'GET /chat HTTP/1.1',
      `host: 127.0.0.1:${backend}`,
      `Sec-WebSocket-Key: ${key}`,
      'connection: upgrade',
      'upgrade: websocket',
      '',
      '',
    ]);
    const answer = await client.until(/first $/);
    assert.match(answer, /^HTTP\/1\.1 101 Switching Protocols\r\n[\s\S]*\r\n\r\nfirst $/);
    assert.match(answer, /\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n/);
    assert.match(answer, /\r\nSec-WebSocket-Accept: \S+\r\n/);
    assert.match(answer, /\r\nx-ours: 1\r\n/);
    assert.doesNotMatch(answer, /secret/i);
    await peer.until(/^early $/);
    // Nothing of it is HTTP any more, whatever it looks like.
    client.send('GET /admin HTTP/1.1\r\nHost: h\r\n\r\n');
    assert.match(await peer.until(/\r\n\r\n$/), /^GET \/admin HTTP\/1\.1\r\nHost: h\r\n\r\n$/);
    peer.send('HTTP/1.1 200 OK\r\n\r\n');
    assert.equal(await client.until(/\r\n\r\n$/), 'HTTP/1.1 200 OK\r\n\r\n');
    assert.equal(answers[0]?.status, 101);
    peer.socket.end();
    await client.rest();
    assert.deepEqual(await ended(), { failure: null, answered: true });
  });

  it('without the will of the caller no upgrade is passed on', async (fixture) => {
    let head = '';
    const backend = await fixture.backend(async (peer) => {
      head = await peer.until(/\r\n\r\n/);
      peer.send(agree);
    });
    const { port } = await fixture.proxy(fixture.upstream(backend), {}, { upgrades });
    const client = await fixture.client(port);
    client.send(ask);
    assert.match(await client.until(/malformed$/), /^HTTP\/1\.1 502 /);
    assert.doesNotMatch(head, /upgrade/i);
  });

  it('an answer other than 101 is an ordinary one, and what came early is the next request', async (fixture) => {
    const backend = await fixture.backend(async (peer) => {
      for (;;) {
        const [, path] = (await peer.until(/\r\n\r\n/)).split(' ');
        peer.send(`HTTP/1.1 426 No\r\nUpgrade: other\r\nContent-Length: 6\r\n\r\n${path}.`.padEnd(61));
      }
    });
    const { port, ended } = await fixture.proxy(fixture.upstream(backend), { upgrade: true }, { upgrades });
    const client = await fixture.client(port);
    client.send(`${ask}GET /next HTTP/1.1\r\nHost: h\r\n\r\n`);
    assert.match(await client.until(/\/next/), /^HTTP\/1\.1 426 [\s\S]*\/chat[\s\S]*HTTP\/1\.1 426 [\s\S]*\/next/);
    assert.deepEqual(await ended(), { failure: null, answered: true });
  });

  const wrong: Readonly<Record<string, string>> = {
    'to another protocol': agree.replace('Upgrade: websocket', 'Upgrade: h2c'),
    'to several': agree.replace('Upgrade: websocket', 'Upgrade: websocket, h2c'),
    'to none': agree.replace('Upgrade: websocket\r\n', ''),
    'without the word in Connection': agree.replace('keep-alive, Upgrade', 'keep-alive'),
    'in HTTP/1.0': agree.replace('HTTP/1.1', 'HTTP/1.0'),
    'without having understood the key': agree.replace(accept, accept.toLowerCase()),
    'without a word about the key': agree.replace(`Sec-WebSocket-Accept: ${accept}\r\n`, ''),
    'with a length': agree.replace('\r\n\r\n', '\r\nContent-Length: 3\r\n\r\nabc'),
  };
  for (const [how, answer] of Object.entries(wrong)) {
    it(`malformed when the upstream switches ${how}`, async (fixture) => {
      const backend = await fixture.answering(answer);
      const { port, ended } = await fixture.proxy(fixture.upstream(backend), { upgrade: true }, { upgrades });
      const client = await fixture.client(port);
      client.send(ask);
      assert.match(await client.until(/malformed$/), /^HTTP\/1\.1 502 /);
      assert.deepEqual(await ended(), { failure: 'malformed', answered: false });
    });
  }

  it('a tunnel waits for a slow upstream', async (fixture) => {
    const { client, peer } = await open(fixture);
    const size = 48 * 1024 * 1024;
    peer.socket.removeAllListeners('data');
    peer.socket.pause();
    const progress = pour(client.socket, size);
    assert.ok((await settled(() => progress.sent)) < size - 8 * 1024 * 1024, `${progress.sent} went ahead`);
    let got = 0;
    peer.socket.on('data', (chunk) => {
      got += chunk.length;
    });
    peer.socket.resume();
    while (got < size) await once(peer.socket, 'data');
    assert.equal(got, size);
  });

  it('a tunnel waits for a slow client', async (fixture) => {
    const { client, peer } = await open(fixture);
    const size = 48 * 1024 * 1024;
    client.socket.removeAllListeners('data');
    client.socket.pause();
    const progress = pour(peer.socket, size);
    assert.ok((await settled(() => progress.sent)) < size - 8 * 1024 * 1024, `${progress.sent} went ahead`);
    let got = 0;
    client.socket.on('data', (chunk) => {
      got += chunk.length;
    });
    client.socket.resume();
    while (got < size) await once(client.socket, 'data');
    assert.equal(got, size);
  });

  it('a side of a tunnel that has said all is still spoken to', async (fixture) => {
    for (const first of ['client', 'peer'] as const) {
      const tunnel = await open(fixture, {}, false);
      const [one, other] = first === 'client' ? [tunnel.client, tunnel.peer] : [tunnel.peer, tunnel.client];
      const over = once(other.socket, 'end');
      one.socket.end('last');
      await other.until(/^last$/);
      await over;
      other.send('and more');
      await one.until(/^and more$/);
      other.socket.end();
      await one.rest();
      assert.deepEqual(await tunnel.ended(), { failure: null, answered: true });
    }
  });

  it('a client that had said all before the answer came is a side that has', async (fixture) => {
    const backend = await fixture.backend(async (peer) => {
      peer.socket.allowHalfOpen = true;
      await peer.until(/\r\n\r\n/);
      peer.send(agree);
      await peer.until(/^early$/);
      if (!peer.socket.readableEnded) await once(peer.socket, 'end');
      peer.send('heard');
      peer.socket.end();
    });
    const { port, ended } = await fixture.proxy(fixture.upstream(backend), { upgrade: true }, { upgrades });
    const client = await fixture.client(port);
    client.socket.allowHalfOpen = true;
    client.socket.end(`${ask}early`);
    assert.match(await client.rest(), / 101 [\s\S]*\r\n\r\nheard$/);
    assert.deepEqual(await ended(), { failure: null, answered: true });
  });

  it('a tunnel is cut when either side is', async (fixture) => {
    const first = await open(fixture);
    first.client.socket.resetAndDestroy();
    await first.peer.rest();
    assert.deepEqual(await first.ended(), { failure: 'client-gone', answered: true });
    const second = await open(fixture);
    second.peer.socket.resetAndDestroy();
    await second.client.rest();
    assert.deepEqual(await second.ended(), { failure: 'closed', answered: true });
  });

  it('a tunnel in which nothing is said for its time is cut, and not before', async (fixture) => {
    const { client, peer, ended } = await open(fixture, { tunnelTimeout: 1_000 });
    const from = performance.now();
    for (let i = 0; i < 8; i++) {
      const [one, other] = i % 2 === 0 ? [client, peer] : [peer, client];
      await new Promise((resolve) => setTimeout(resolve, 200));
      one.send('.');
      await other.until(/\.$/);
    }
    assert.ok(performance.now() - from > 1_500);
    await Promise.all([client.rest(), peer.rest()]);
    assert.deepEqual(await ended(), { failure: 'timeout', answered: true });
  });

  it('a tunnel of which one side has closed is cut after a shorter silence', async (fixture) => {
    const { client, ended } = await open(fixture, { bodyTimeout: 300 }, false);
    client.socket.end();
    assert.deepEqual(await ended(), { failure: 'timeout', answered: true });
  });

  it('a tunnel whose client does not read is cut', async (fixture) => {
    const { client, peer, ended } = await open(fixture, { bodyTimeout: 500 });
    client.socket.removeAllListeners('data');
    client.socket.pause();
    pour(peer.socket, 64 * 1024 * 1024);
    assert.deepEqual(await ended(), { failure: 'timeout', answered: true });
  });

  it('a tunnel can be cut at once, knows what it carried, and its request can be read while it is open', async (fixture) => {
    const { promise: over, resolve: end } = Promise.withResolvers<End>();
    let exchange: ServerExchange | undefined;
    const backend = await fixture.backend(async (peer) => {
      await peer.until(/\r\n\r\n/);
      peer.send(`${agree}12345`);
      await peer.until(/abc/);
      peer.send('6');
    });
    const upstream = fixture.upstream(backend);
    const { port } = await fixture.gateway(
      (x) => {
        exchange = x;
        assert.equal(x.upgrade, 'websocket');
        assert.equal(x.tunnel, null);
        x.forward(
          { upstream, target: x.target, remove: [], set: [], timeout: 5_000, upgrade: true },
          { onHead: () => null, onEnd: (failure, answered) => end({ failure, answered }) },
        );
      },
      { upgrades },
    );
    const client = await fixture.client(port);
    client.send(`${ask}ab`);
    await client.until(/12345$/);
    client.send('c');
    await client.until(/^6$/);
    const x = exchange as ServerExchange;
    assert.equal(x.target, '/chat');
    assert.equal(x.header('sec-websocket-key'), key);
    assert.deepEqual([x.tunnel?.fromClient, x.tunnel?.fromUpstream], [3, 6]);
    x.tunnel?.cut();
    x.tunnel?.cut();
    assert.deepEqual(await over, { failure: 'cut', answered: true });
    await client.rest();
  });

  it('drain waits for a tunnel, and cuts it after its time', async (fixture) => {
    const { client, peer, ended, server } = await open(fixture);
    let drained = false;
    const done = server.drain(60_000).then(() => {
      drained = true;
    });
    client.send('still here');
    await peer.until(/^still here$/);
    peer.send('yes');
    await client.until(/^yes$/);
    assert.equal(drained, false);
    peer.socket.end();
    client.socket.end();
    await done;
    assert.deepEqual(await ended(), { failure: null, answered: true });
    const second = await open(fixture);
    await second.server.drain(100);
    assert.deepEqual(await second.ended(), { failure: 'cut', answered: true });
    await Promise.all([second.client.rest(), second.peer.rest()]);
  });

  it('an upgrade that is pipelined waits for its turn', async (fixture) => {
    const backend = await fixture.backend(async (peer) => {
      for (;;) {
        const head = await peer.until(/\r\n\r\n/);
        peer.send(/upgrade/.test(head) ? agree : 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      }
    });
    const { port } = await fixture.proxy(fixture.upstream(backend), { upgrade: true }, { upgrades });
    const client = await fixture.client(port);
    client.send(`GET /1 HTTP/1.1\r\nHost: h\r\n\r\n${ask}`);
    assert.match(await client.until(/ 101 [\s\S]*\r\n\r\n$/), /^HTTP\/1\.1 200 [\s\S]*okHTTP\/1\.1 101 /);
  });

  it('a tunnel over TLS on both sides', async (fixture) => {
    const [front, back] = [await issue('server', 'localhost'), await issue('server', 'localhost')];
    const backend = await fixture.backend(async (peer) => {
      peer.socket.allowHalfOpen = true;
      await peer.until(/\r\n\r\n/);
      peer.send(`${agree}hello`);
      peer.send(`echo ${await peer.until(/bye$/)}`);
      peer.socket.end();
    }, createServer(back));
    const upstream = fixture.upstream(backend, { origin: `https://localhost:${backend}`, ca: [back.authority] });
    const { port, ended } = await fixture.proxy(upstream, { upgrade: true }, { upgrades, tls: front });
    const socket = connect({ port, host: '127.0.0.1', ca: front.authority, servername: 'localhost' });
    await once(socket, 'secureConnect');
    const client = new Peer(socket);
    client.send(ask);
    await client.until(/\r\n\r\nhello$/);
    const much = 'y'.repeat(3_000_000);
    client.send(`${much}bye`);
    assert.equal(await client.rest(), `echo ${much}bye`);
    assert.deepEqual(await ended(), { failure: null, answered: true });
  });
}
