/** Contract: how servers and upstreams come and go. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import type { ServerExchange } from '../wire.ts';
import type { Case, Peer } from './fixture.ts';

const get = 'GET /a HTTP/1.1\r\nHost: h\r\n\r\n';
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** Resolves when nobody listens any more. */
async function refused(port: number): Promise<void> {
  for (let code = ''; code !== 'ECONNREFUSED'; ) {
    const socket = connect(port, '127.0.0.1');
    code = await new Promise((resolve) => {
      socket.on('connect', () => resolve('connected'));
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
    });
    socket.destroy();
  }
}

export function closing(it: Case): void {
  it('listen rejects with EADDRINUSE when the port is taken', async (fixture) => {
    const { port } = await fixture.gateway(() => {});
    const second = fixture.wire.createServer(
      {
        maxHeadSize: 8192,
        maxTargetLength: 1024,
        headTimeout: 1_000,
        keepAliveTimeout: 1_000,
        refuse: () => ({ status: 400, fields: [], body: '' }),
      },
      () => {},
    );
    await assert.rejects(second.listen({ host: '127.0.0.1', port, reusePort: false }), { code: 'EADDRINUSE' });
  });

  it('an idle connection is closed after its time', async (fixture) => {
    const { port } = await fixture.gateway((x) => x.respond({ status: 200, fields: [], body: 'ok' }), {
      keepAliveTimeout: 100,
    });
    const client = await fixture.client(port);
    client.send(get);
    await client.until(/ok$/);
    await client.rest();
  });

  it('drain ends idle connections, lets requests finish, and takes no new connections', async (fixture) => {
    const held: ServerExchange[] = [];
    const { port, server } = await fixture.gateway((x) => {
      if (x.target === '/hold') held.push(x);
      else x.respond({ status: 200, fields: [], body: 'ok' });
    });
    const idle = await fixture.client(port);
    idle.send(get);
    await idle.until(/ok$/);
    const busy = await fixture.client(port);
    busy.send('GET /hold HTTP/1.1\r\nHost: h\r\n\r\n');
    while (!held[0]) await new Promise(setImmediate);
    let drained = false;
    const done = server.drain(10_000).then(() => {
      drained = true;
    });
    await idle.rest();
    await refused(port);
    assert.equal(drained, false);
    held[0].respond({ status: 200, fields: [], body: 'done' });
    assert.match(await busy.rest(), /connection: close\r\n[\s\S]*done$/i);
    await done;
  });

  it('drain waits for an answer whose head has gone', async (fixture) => {
    const { port: backend, arrived } = await fixture.holding(
      /\r\n\r\n/,
      'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nda',
    );
    const { port, server } = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(port);
    client.send(get);
    await client.until(/da$/);
    const done = server.drain(60_000);
    await refused(port);
    (await arrived).send('ta');
    assert.equal(await client.rest(), 'ta');
    await done;
  });

  it('drain announces the end in an answer whose head comes later', async (fixture) => {
    const { port: backend, arrived } = await fixture.holding();
    const { port, server } = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(port);
    client.send(get);
    const peer = await arrived;
    const done = server.drain(10_000);
    peer.send(ok);
    assert.match(await client.rest(), /connection: close\r\n[\s\S]*ok$/i);
    await done;
  });

  it('drain serves the connections that wait in the queue', async (fixture) => {
    const { port, server } = await fixture.gateway((x) => x.respond({ status: 200, fields: [], body: 'ok' }));
    const connected = new Int32Array(new SharedArrayBuffer(4));
    const clients = new Worker(new URL('./queued-clients.ts', import.meta.url), {
      workerData: { port, count: 100, request: get, connected },
    });
    // Nothing is accepted while this thread sleeps.
    Atomics.wait(connected, 0, 0);
    const done = server.drain(10_000);
    const [answers] = (await once(clients, 'message')) as [string[]];
    assert.equal(answers.filter((answer) => answer.endsWith('ok')).length, 100);
    await done;
  });

  it('drain cuts what is left after its time', async (fixture) => {
    const { port, server } = await fixture.gateway(() => {});
    const client = await fixture.client(port);
    client.send(get);
    await new Promise(setImmediate);
    await server.drain(100);
    await client.rest();
  });

  it('a closed upstream ends its idle connections and still serves who comes late', async (fixture) => {
    const peers: Peer[] = [];
    const backend = await fixture.backend(async (peer) => {
      peers.push(peer);
      await peer.until(/\r\n\r\n/);
      peer.send(ok);
    });
    const upstream = fixture.upstream(backend);
    const { port } = await fixture.proxy(upstream);
    const client = await fixture.client(port);
    client.send(get);
    await client.until(/ok$/);
    upstream.close();
    await peers[0]?.rest();
    client.send(get);
    await client.until(/ok$/);
    await peers[1]?.rest();
  });

  it('an unused connection to an upstream is closed after its time', async (fixture) => {
    const peers: Peer[] = [];
    const backend = await fixture.backend(async (peer) => {
      peers.push(peer);
      await peer.until(/\r\n\r\n/);
      peer.send(ok);
    });
    const { port } = await fixture.proxy(fixture.upstream(backend, { idleTimeout: 100 }));
    const client = await fixture.client(port);
    client.send(get);
    await client.until(/ok$/);
    const from = performance.now();
    await peers[0]?.rest();
    assert.ok(performance.now() - from < 2_500, 'not by a time of its own');
  });
}
