/** Contract: whatever breaks, and when, every forwarded request ends exactly once. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import type { Case, Peer } from './fixture.ts';

const duration = 1_500;
const clients = 10;

const random = (below: number): number => Math.floor(Math.random() * below);

/** What a back end does with a request, each more or less right. */
const answers: ((peer: Peer) => unknown)[] = [
  (peer) => peer.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
  (peer) => setTimeout(() => peer.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'), random(4)),
  (peer) => peer.socket.destroy(),
  (peer) => peer.socket.resetAndDestroy(),
  (peer) => peer.send('garbage\r\n\r\n'),
  (peer) => {
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
    setTimeout(() => peer.socket.destroy(), random(5));
  },
  (peer) => {
    peer.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
    setTimeout(() => peer.send('0\r\n\r\n'), random(5));
  },
  (peer) => {
    peer.send('HTTP/1.1 200 OK\r\n\r\n');
    peer.send(Buffer.alloc(500_000));
    peer.socket.end();
  },
  (peer) => {
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n');
    peer.send(Buffer.alloc(500_000));
  },
];

const requests: (() => string)[] = [
  () => 'GET /a HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(1 + random(3)),
  () => 'GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
  () => 'HEAD /a HTTP/1.0\r\n\r\nGET /b',
  () => `POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 50000\r\n\r\n${'x'.repeat(random(2) ? 50_000 : 5)}`,
  () =>
    `POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n${['0\r\n\r\n', 'zz\r\n', ''][random(3)]}`,
];

const any = <T>(of: readonly T[]): T => of[random(of.length)] as T;

export function storm(it: Case): void {
  it('every forwarded request ends exactly once', async (fixture) => {
    const backend = await fixture.backend(async (peer) => {
      for (;;) {
        await peer.until(/\r\n\r\n/);
        any(answers)(peer);
      }
    });
    const upstream = fixture.upstream(backend, { maxConnections: 15 });
    const open = new Set<object>();
    let twice = 0;
    let forwarded = 0;
    const { port, server } = await fixture.gateway((exchange) => {
      open.add(exchange);
      forwarded++;
      const forward = () =>
        exchange.forward(
          { upstream, target: exchange.target, remove: [], set: [], timeout: 1_000 },
          {
            onHead: () => null,
            onEnd(failure, answered) {
              if (!open.delete(exchange)) twice++;
              if (failure && !answered) exchange.respond({ status: 502, fields: [], body: failure });
            },
          },
        );
      if (random(3) > 0) forward();
      else setTimeout(forward, random(5));
    });
    const end = Date.now() + duration;
    const client = async () => {
      while (Date.now() < end) {
        const socket = connect(port, '127.0.0.1');
        socket.on('error', () => {});
        const goesOn = random(4) > 0;
        if (goesOn) socket.write(any(requests)());
        else socket.end(any(requests)());
        if (random(2)) socket.resume();
        // What has been shut can't be reset any more.
        setTimeout(() => (goesOn && random(2) ? socket.resetAndDestroy() : socket.destroy()), random(30));
        await new Promise((resolve) => socket.on('close', resolve));
      }
    };
    await Promise.all(Array.from({ length: clients }, client));
    await server.drain(5_000);
    // What a client left behind may end a little after its connection.
    for (let i = 0; i < 100 && open.size > 0; i++) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(forwarded > 50, `only ${forwarded} requests`);
    assert.deepEqual({ twice, never: open.size }, { twice: 0, never: 0 });
  });
}
