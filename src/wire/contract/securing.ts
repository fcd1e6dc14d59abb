/** Contract: TLS on both sides. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type TLSSocket } from 'node:tls';
import type { ServerExchange } from '../wire.ts';
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

  it('a client that does not shake hands in time is cut', async (fixture) => {
    const tls = await issue('server', 'localhost');
    const { port } = await fixture.gateway(() => {}, { tls, headTimeout: 300 });
    const silent = await fixture.client(port);
    const slow = await fixture.client(port);
    slow.send(Buffer.from('1603010200010001fc0303', 'hex'));
    assert.deepEqual([await silent.rest(), await slow.rest()], ['', '']);
  });

  it('a session is resumed at every server with the same ticket keys, and at none with others', async (fixture) => {
    const tls = await issue('server', 'localhost');
    const yes = (x: ServerExchange): void => x.respond({ status: 200, fields: [], body: 'yes' });
    const ticketKeys = randomBytes(48);
    const [first, second] = [
      await fixture.gateway(yes, { tls: { ...tls, ticketKeys } }),
      await fixture.gateway(yes, { tls: { ...tls, ticketKeys } }),
    ];
    const visit = async (port: number, session?: Buffer) => {
      const socket = connect({
        port,
        host: '127.0.0.1',
        ca: tls.authority,
        servername: 'localhost',
        ...(session && { session }),
      });
      const ticket = new Promise<Buffer>((resolve) => socket.once('session', resolve));
      const client = new Peer(socket);
      client.send(get);
      await client.until(/yes$/);
      return { reused: socket.isSessionReused(), ticket, client };
    };
    const { ticket, client } = await visit(first.port);
    const session = await ticket;
    assert.equal((await visit(second.port, session)).reused, true);
    second.server.useTls({ ...tls, ticketKeys: randomBytes(48) });
    assert.equal((await visit(second.port, session)).reused, false);
    first.server.useTls({ ...tls, ticketKeys: randomBytes(48) });
    client.send(get);
    await client.until(/yes$/);
  });

  it('another certificate is shown at the next handshake, and connections go on', async (fixture) => {
    const [before, after] = [await issue('server', 'localhost'), await issue('server', 'localhost')];
    const yes = (x: ServerExchange): void => x.respond({ status: 200, fields: [], body: 'yes' });
    const { port, server } = await fixture.gateway(yes, { tls: before });
    const open = async (ca: string): Promise<Peer> => {
      const socket = connect({ port, host: '127.0.0.1', ca, servername: 'localhost' });
      await once(socket, 'secureConnect');
      return new Peer(socket);
    };
    const early = await open(before.authority);
    server.useTls(after);
    for (const client of [early, await open(after.authority)]) {
      client.send(get);
      await client.until(/yes$/);
    }
    await assert.rejects(open(before.authority));
  });

  it('400 to plain HTTP on a port for TLS', async (fixture) => {
    const { port } = await fixture.gateway(() => {}, { tls: await issue('server', 'localhost') });
    const client = await fixture.client(port);
    client.send(get);
    assert.match(await client.rest(), /^HTTP\/1\.1 400 [\s\S]*connection: close\r\n[\s\S]*without-tls$/);
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
