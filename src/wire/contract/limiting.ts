/** Contract: what a client may take up at most. */
import assert from 'node:assert/strict';
import type { ServerExchange } from '../wire.ts';
import type { Case } from './fixture.ts';

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const get = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n';
const yes = (x: ServerExchange): void => x.respond({ status: 200, fields: [], body: 'yes' });

export function limiting(it: Case): void {
  it('413 to a body whose length is over the limit, before any of it is read', async (fixture) => {
    let handled = 0;
    const { port } = await fixture.gateway(
      (x) => {
        handled++;
        yes(x);
      },
      { maxBodySize: 100 },
    );
    const client = await fixture.client(port);
    client.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n');
    assert.match(await client.rest(), /^HTTP\/1\.1 413 [\s\S]*connection: close\r\n[\s\S]*body-too-large$/i);
    assert.equal(handled, 0);
    const another = await fixture.client(port);
    another.send(`POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n${'x'.repeat(100)}`);
    assert.match(await another.until(/yes$/), /^HTTP\/1\.1 200 /);
  });

  it('413 to a chunked body that turns out to be over the limit; the upstream gets no whole request', async (fixture) => {
    let got = '';
    let ended = false;
    const backend = await fixture.backend(async (peer) => {
      got = await peer.rest();
      ended = true;
    });
    const { port, ended: exchangeEnded } = await fixture.proxy(fixture.upstream(backend), {}, { maxBodySize: 100 });
    const client = await fixture.client(port);
    const chunk = `32\r\n${'x'.repeat(50)}\r\n`;
    client.send(`POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`);
    client.send(chunk);
    client.send(`1\r\ny\r\n0\r\n\r\n`);
    assert.match(await client.rest(), /^HTTP\/1\.1 413 [\s\S]*body-too-large$/);
    assert.deepEqual(await exchangeEnded(), { failure: 'client-gone', answered: false });
    while (!ended) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.doesNotMatch(got, /y|0\r\n\r\n$/);
  });

  it('a connection ends with the last request that it may carry', async (fixture) => {
    const { port } = await fixture.gateway(yes, { maxRequests: 2 });
    const client = await fixture.client(port);
    client.send(get);
    assert.doesNotMatch(await client.until(/yes$/), /connection: close/i);
    client.send(get);
    assert.match(await client.rest(), /connection: close\r\n[\s\S]*yes$/i);
  });

  it('503 to more connections from one address than it may have, until one of them is closed', async (fixture) => {
    const { port } = await fixture.gateway(yes, { maxConnectionsPerAddress: 2 });
    const [first, second] = [await fixture.client(port), await fixture.client(port)];
    const third = await fixture.client(port);
    assert.match(await third.rest(), /^HTTP\/1\.1 503 [\s\S]*too-many-connections$/);
    for (const client of [first, second]) {
      client.send(get);
      await client.until(/yes$/);
    }
    first.socket.destroy();
    for (;;) {
      const again = await fixture.client(port);
      again.send(get);
      if (/ 200 /.test(await again.until(/yes$|connections$/))) break;
    }
  });

  it('connections beyond the limit leave nothing behind, whatever their clients do', async (fixture) => {
    const { port, server } = await fixture.gateway(yes, { maxConnectionsPerAddress: 1 });
    const first = await fixture.client(port);
    first.send(get);
    await first.until(/yes$/);
    for (let i = 0; i < 20; i++) {
      const client = await fixture.client(port);
      client.send(get);
      if (i % 2 === 0) client.socket.resetAndDestroy();
      await client.rest();
    }
    first.send(get);
    await first.until(/yes$/);
    first.socket.destroy();
    const begun = performance.now();
    await server.drain(10_000);
    assert.ok(performance.now() - begun < 5_000);
  });

  it('an upload within the limit goes through whole', async (fixture) => {
    const backend = await fixture.answering(ok);
    const { port } = await fixture.proxy(fixture.upstream(backend), {}, { maxBodySize: 100 });
    const client = await fixture.client(port);
    client.send(
      `POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n${'x'.repeat(100)}\r\n0\r\n\r\n`,
    );
    assert.match(await client.until(/ok$/), /^HTTP\/1\.1 200 /);
  });
}
