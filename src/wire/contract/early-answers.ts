/** Contract: answers that come while the client is still sending its body (RFC 9112 9.3, 9.6). */
import assert from 'node:assert/strict';
import type { ServerExchange } from '../wire.ts';
import type { Case, Peer } from './fixture.ts';

const size = 24_000_000;
const content = 'N'.repeat(300_000);
const put = `PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: ${size}\r\n\r\n`;
const chunkedPut = 'PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n';
const refusal = (fields: string): string =>
  `HTTP/1.1 413 Content Too Large\r\n${fields}Content-Length: ${content.length}\r\n\r\n${content}`;

const shortRefusal = 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nNo';

/** What back ends do that have seen enough. */
const manners: Record<string, (peer: Peer) => unknown> = {
  'reads no more': (peer) => {
    peer.socket.pause();
    peer.send(refusal('Connection: close\r\n'));
  },
  'says nothing of closing and reads on': (peer) => peer.send(refusal('')),
  'shuts its side and reads no more': (peer) => {
    peer.socket.pause();
    peer.socket.end(refusal('Connection: close\r\n'));
  },
  'closes with bytes unread, which is a reset': (peer) => {
    peer.socket.pause();
    // No more than the system has delivered by then: what waits is lost, whoever reads.
    peer.socket.end(shortRefusal, () => peer.socket.destroy());
  },
};

export function earlyAnswers(it: Case): void {
  for (const [what, manner] of Object.entries(manners))
    for (const [how, head, piece] of [
      ['of known length', put, Buffer.alloc(100_000, 'x')],
      ['in chunks', chunkedPut, Buffer.from(`186a0\r\n${'x'.repeat(100_000)}\r\n`)],
    ] as const)
      it(`413 reaches a client that sends a body ${how} when the upstream ${what}`, async (fixture) => {
        for (let round = 0; round < 5; round++) {
          const backend = await fixture.backend(async (peer) => {
            await peer.until(/xxx/);
            manner(peer);
          });
          const proxy = await fixture.proxy(fixture.upstream(backend));
          const client = await fixture.client(proxy.port);
          client.send(head);
          for (let sent = 0; sent < size; sent += 100_000) client.send(piece);
          const answer = await client.rest();
          assert.match(answer, /^HTTP\/1\.1 413 /);
          assert.equal(
            answer.length - answer.indexOf('\r\n\r\n') - 4,
            Number(/content-length: (\d+)/i.exec(answer)?.[1]),
          );
          assert.equal(client.error, undefined);
          assert.deepEqual(await proxy.ended(), { failure: null, answered: true });
        }
      });

  it('a big local answer reaches a client that is still sending and reads it late', async (fixture) => {
    const body = 'y'.repeat(12_000_000);
    const { port } = await fixture.gateway((x: ServerExchange) => x.respond({ status: 401, fields: [], body }));
    const client = await fixture.client(port);
    client.socket.pause();
    client.send(put);
    client.send(Buffer.alloc(1_000_000, 'x'));
    // Later than the rest of the body is read for.
    setTimeout(() => client.socket.resume(), 2_500);
    assert.equal((await client.rest()).match(/y+$/)?.[0].length, body.length);
  });
}
