/** Contract: TLS on both sides. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { issue } from './certificates.ts';
import { type Case, Peer } from './fixture.ts';

const get = 'GET /a HTTP/1.1\r\nHost: h\r\n\r\n';
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

export function securing(it: Case): void {
  it('a server with TLS', async (fixture) => {
    const tls = await issue('server', 'localhost');
    const { port } = await fixture.gateway(
      (x) => x.respond({ status: 200, fields: [], body: `${x.secure} ${x.remoteAddress}.` }),
      { tls },
    );
    const socket = connect({ port, host: '127.0.0.1', ca: tls.authority, servername: 'localhost' });
    await once(socket, 'secureConnect');
    const client = new Peer(socket);
    client.send(get);
    assert.match(await client.until(/\.$/), /\r\n\r\ntrue 127\.0\.0\.1\.$/);
    client.send('GET / HTTP/1.1\r\n\r\n');
    assert.match(await client.rest(), /^HTTP\/1\.1 400 [\s\S]*malformed$/);
  });

  it('400 to plain HTTP on a port for TLS', async (fixture) => {
    const { port } = await fixture.gateway(() => {}, { tls: await issue('server', 'localhost') });
    const client = await fixture.client(port);
    client.send(get);
    assert.match(await client.rest(), /^HTTP\/1\.1 400 [\s\S]*connection: close\r\n[\s\S]*malformed$/);
  });

  it('an upstream whose certificate is trusted by option, and only then', async (fixture) => {
    const tls = await issue('server', 'localhost');
    const backend = await fixture.answering(ok, createServer(tls));
    const origin = `https://localhost:${backend}`;
    const trusting = await fixture.proxy(fixture.upstream(0, { origin, ca: [tls.authority] }));
    const client = await fixture.client(trusting.port);
    client.send(get);
    assert.match(await client.until(/ok$|unreachable$/), /^HTTP\/1\.1 200 /);
    const doubting = await fixture.proxy(fixture.upstream(0, { origin }));
    const other = await fixture.client(doubting.port);
    other.send(get);
    assert.match(await other.until(/ok$|unreachable$/), /^HTTP\/1\.1 502 /);
  });

  it('a certificate of another name is not accepted, whatever Host says', async (fixture) => {
    const tls = await issue('server', 'shop.example');
    const backend = await fixture.answering(ok, createServer(tls));
    const upstream = fixture.upstream(0, { origin: `https://localhost:${backend}`, ca: [tls.authority] });
    const { port } = await fixture.proxy(upstream, { set: [['host', 'shop.example']] });
    const client = await fixture.client(port);
    client.send(get);
    assert.match(await client.until(/ok$|unreachable$/), /^HTTP\/1\.1 502 /);
  });

  it('a client certificate is shown to the upstream, and the one that takes its place', async (fixture) => {
    const tls = await issue('server', 'localhost');
    const own = await issue('client', 'gateway');
    const renewed = await issue('client', 'renewed');
    let shown = '';
    const server = createServer({ ...tls, ca: [own.authority, renewed.authority], requestCert: true });
    server.on('secureConnection', (socket: TLSSocket) => {
      shown = socket.getPeerCertificate().subject.CN as string;
    });
    const backend = await fixture.answering(ok, server);
    const upstream = fixture.upstream(0, {
      origin: `https://localhost:${backend}`,
      ca: [tls.authority],
      clientCertificate: own,
    });
    const { port } = await fixture.proxy(upstream);
    const client = await fixture.client(port);
    client.send(get);
    await client.until(/ok$/);
    assert.equal(shown, 'gateway');
    upstream.present(renewed);
    client.send(get);
    await client.until(/ok$/);
    assert.equal(shown, 'renewed');
  });
}
