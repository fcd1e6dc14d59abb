/** Contract: certificates that clients show. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import type { ServerExchange } from '../wire.ts';
import { type Issued, issue } from './certificates.ts';
import { type Case, Peer } from './fixture.ts';

const get = 'GET /a HTTP/1.1\r\nHost: h\r\n\r\n';

/** Tells the client whom it has shown to be. */
function tell(x: ServerExchange): void {
  const { clientCertificate } = x;
  const again = x.clientCertificate === clientCertificate ? '' : ' or another';
  x.respond({ status: 200, fields: [], body: `${/CN=(\w+)/.exec(clientCertificate?.subject ?? '')?.[1]}${again}.` });
}

async function open(port: number, server: Issued, options: ConnectionOptions = {}) {
  const settings = { port, host: '127.0.0.1', ca: server.authority, servername: 'localhost' };
  const socket: TLSSocket = connect({ ...settings, ...options });
  const session = new Promise<Buffer>((resolve) => socket.once('session', resolve));
  await once(socket, 'secureConnect');
  return { client: new Peer(socket), session, socket };
}

async function told(client: Peer): Promise<string | undefined> {
  client.send(get);
  return /\r\n\r\n(.*)\.$/.exec(await client.until(/\.$/))?.[1];
}

export function clientCertificates(it: Case): void {
  it('a certificate that is asked for is known at each request, whoever issued it; none is needed', async (fixture) => {
    const server = await issue('server', 'localhost');
    const { port } = await fixture.gateway(tell, { tls: { ...server, asksForCertificate: true } });
    const { cert, key } = await issue('client', 'ann');
    const { client } = await open(port, server, { cert, key });
    assert.equal(await told(client), 'ann');
    assert.equal(await told(client), 'ann');
    assert.equal(await told((await open(port, server)).client), 'undefined');
  });

  it('no certificate is asked for unless somebody wants it, and none is known over plain HTTP', async (fixture) => {
    const server = await issue('server', 'localhost');
    const secure = await fixture.gateway(tell, { tls: server });
    assert.equal(await told((await open(secure.port, server, await issue('client', 'ann'))).client), 'undefined');
    const plain = await fixture.gateway(tell);
    assert.equal(await told(await fixture.client(plain.port)), 'undefined');
  });

  it('certificates are asked for from the next handshake on, or no more; a connection of before ends', async (fixture) => {
    const server = await issue('server', 'localhost');
    const { cert, key } = await issue('client', 'ann');
    const gateway = await fixture.gateway(tell, { tls: server });
    const { client: early } = await open(gateway.port, server, { cert, key });
    assert.equal(await told(early), 'undefined');
    gateway.server.useTls({ ...server, asksForCertificate: true });
    const { client: asked } = await open(gateway.port, server, { cert, key });
    assert.equal(await told(asked), 'ann');
    early.send(get);
    assert.match(await early.rest(), /\r\nconnection: close\r\n[\s\S]*undefined\.$/i);
    gateway.server.useTls(server);
    assert.equal(await told((await open(gateway.port, server, { cert, key })).client), 'undefined');
    assert.equal(await told(asked), 'ann');
  });

  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`a resumed session has its certificate, at other servers too (${maxVersion})`, async (fixture) => {
      const server = await issue('server', 'localhost');
      const tls = { ...server, asksForCertificate: true, ticketKeys: randomBytes(48) };
      const [first, second] = [await fixture.gateway(tell, { tls }), await fixture.gateway(tell, { tls })];
      const { cert, key } = await issue('client', 'ann');
      const before = await open(first.port, server, { cert, key, maxVersion });
      assert.equal(await told(before.client), 'ann');
      const session = await before.session;
      const { client, socket } = await open(second.port, server, { session, maxVersion });
      assert.equal(await told(client), 'ann');
      assert.equal(socket.isSessionReused(), true);
    });
  }
}
