/** Contract: how answers leave: byte for byte however slowly they are taken, and without waiting for acknowledgements. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ServerExchange, ServerOptions } from '../wire.ts';
import { issue } from './certificates.ts';
import { type Case, Peer, settled } from './fixture.ts';

const get = (path: number | string): string => `GET /${path} HTTP/1.1\r\nHost: h\r\n\r\n`;
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** No two of them, and no two places in one, are alike. */
function texts(count: number, size: (i: number) => number): string[] {
  return Array.from({ length: count }, (_, i) => {
    let text = '';
    for (let block = 0; text.length < size(i); block++) text += `${i}:${block};`;
    return text.slice(0, size(i));
  });
}

/** Sizes about those at which an answer is written in another way: one write, several, a buffer of its own. */
const borders = [1, 40, 700, 16_000, 16_500, 65_000, 66_000, 140_000, 400_000];
const answers: Record<string, string[]> = {
  'of all sizes': texts(120, (i) => borders[i % borders.length] as number),
  // More than the system takes for a client that reads nothing, so that some of them wait with us.
  'of some kilobytes': texts(600, (i) => 8_000 + 10 * i),
};

/** Everything until the last of the answers, with a pause after each piece. */
function readSlowly(socket: Socket, bodies: readonly string[]): Promise<string> {
  const wanted = bodies.reduce((sum, { length }) => sum + length, 0);
  let text = '';
  return new Promise((resolve) => {
    socket.on('data', (piece) => {
      text += piece.toString('latin1');
      if (text.length > wanted && text.endsWith(bodies.at(-1) as string)) return resolve(text);
      socket.pause();
      setImmediate(() => socket.resume());
    });
  });
}

/** The bodies of answers of known length. */
function bodiesOf(text: string): string[] {
  const bodies: string[] = [];
  for (let at = 0; at < text.length; ) {
    const from = text.indexOf('\r\n\r\n', at) + 4;
    const length = Number(/content-length: (\d+)/i.exec(text.slice(at, from))?.[1]);
    bodies.push(text.slice(from, from + length));
    at = from + length;
  }
  return bodies;
}

/** Milliseconds from each of 20 requests to the end of its answer, one after the other; the median. */
async function medianOf(client: Peer, ask: () => void, end: RegExp): Promise<number> {
  const times: number[] = [];
  while (times.length < 20) {
    const from = performance.now();
    ask();
    await client.until(end);
    times.push(performance.now() - from);
  }
  return times.sort((a, b) => a - b)[10] as number;
}

/** Linux holds acknowledgements back for 40 ms: what waits for one takes at least as long. */
const acknowledged = 35;

export function writing(it: Case): void {
  for (const secure of [false, true]) {
    const options = async (): Promise<{ tls: NonNullable<ServerOptions['tls']> } | undefined> =>
      secure ? { tls: await issue('server', 'localhost') } : undefined;
    const open = async (port: number): Promise<Socket> => {
      const to = { port, host: '127.0.0.1', noDelay: true };
      const socket = secure ? connectTls({ ...to, rejectUnauthorized: false }) : connect(to);
      await once(socket, secure ? 'secureConnect' : 'connect');
      return socket;
    };
    const over = secure ? 'over TLS' : 'over TCP';

    for (const [what, contents] of Object.entries(answers))
      it(`pipelined answers ${what} come whole and in order to clients that read slowly ${over}`, async (fixture) => {
        const backend = await fixture.backend(async (peer) => {
          for (;;) {
            const body = contents[Number(/^GET \/(\d+)/.exec(await peer.until(/\r\n\r\n/))?.[1])] as string;
            peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
          }
        });
        const upstream = fixture.upstream(backend);
        const handler = { onHead: () => null, onEnd() {} };
        let served = 0;
        const { port } = await fixture.gateway(
          (x) => {
            const i = Number(x.target.slice(1));
            served++;
            if (i % 4 === 3) x.respond({ status: 200, fields: [], body: contents[i] as string });
            else x.forward({ upstream, target: x.target, remove: [], set: [], timeout: 20_000 }, handler);
          },
          await options(),
        );
        const clients = await Promise.all(Array.from({ length: 3 }, () => open(port)));
        for (const client of clients) client.write(contents.map((_, i) => get(i)).join(''));
        await settled(() => served);
        for (const text of await Promise.all(clients.map((client) => readSlowly(client, contents))))
          for (const [i, body] of bodiesOf(text).entries()) assert.ok(body === contents[i], `answer ${i} is another`);
        for (const client of clients) client.destroy();
      });

    it(`nothing waits for an acknowledgement: a local answer with a body ${over}`, async (fixture) => {
      const body = `${'l'.repeat(3_000)}.`;
      const { port } = await fixture.gateway(
        (x: ServerExchange) => x.respond({ status: 200, fields: [], body }),
        await options(),
      );
      const client = new Peer(await open(port));
      assert.ok((await medianOf(client, () => client.send(get('a')), /l\.$/)) < acknowledged);
      client.socket.destroy();
    });

    it(`nothing waits for an acknowledgement: an answer in chunks ${over}`, async (fixture) => {
      const backend = await fixture.backend(async (peer) => {
        peer.socket.setNoDelay(true);
        for (;;) {
          await peer.until(/\r\n\r\n/);
          for (const part of [
            'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
            '1\r\na\r\n',
            '1\r\nb\r\n',
            '0\r\n\r\n',
          ]) {
            peer.send(part);
            await new Promise(setImmediate);
          }
        }
      });
      const { port } = await fixture.proxy(fixture.upstream(backend), {}, await options());
      const client = new Peer(await open(port));
      assert.ok((await medianOf(client, () => client.send(get('a')), /\r\n0\r\n\r\n$/)) < acknowledged);
      client.socket.destroy();
    });

    it(`nothing waits for an acknowledgement: 100-continue, a body in pieces and its answer ${over}`, async (fixture) => {
      const backend = await fixture.backend(async (peer) => {
        peer.socket.setNoDelay(true);
        for (;;) {
          await peer.until(/abc$/);
          peer.send(ok);
        }
      });
      const { port } = await fixture.proxy(fixture.upstream(backend), {}, await options());
      const client = new Peer(await open(port));
      const ask = async (): Promise<void> => {
        client.send('POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n');
        await client.until(/^HTTP\/1\.1 100 .*\r\n\r\n$/);
        for (const part of 'abc') {
          client.send(part);
          await new Promise(setImmediate);
        }
      };
      assert.ok((await medianOf(client, () => void ask(), /ok$/)) < acknowledged);
      client.socket.destroy();
    });
  }

  it('a head and a body that come in pieces of one byte go on whole', async (fixture) => {
    const chunk = Array.from('in pieces', (byte) => `1\r\n${byte}\r\n`).join('');
    const answers = [
      'HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 9\r\n\r\nin pieces',
      `HTTP/1.1 200 OK\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}0\r\n\r\n`,
    ];
    let round = 0;
    const backend = await fixture.backend(async (peer) => {
      peer.socket.setNoDelay(true);
      for (;;) {
        await peer.until(/\r\n\r\n/);
        for (const byte of answers[round++] as string) {
          peer.send(byte);
          await new Promise(setImmediate);
        }
      }
    });
    const { port } = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(port);
    client.send(get('a'));
    assert.match(await client.until(/in pieces$/), /^HTTP\/1\.1 200 OK\r\nx-a: 1\r\n[\s\S]*\r\n\r\nin pieces$/i);
    client.send(get('a'));
    const answer = await client.until(/\r\n0\r\n\r\n$/);
    assert.equal(answer.slice(answer.indexOf('\r\n\r\n') + 4).replace(/[\da-f]+\r\n(.*)\r\n/g, '$1'), 'in pieces');
  });

  it('an answer in very many chunks goes on whole', async (fixture) => {
    const backend = await fixture.answering(
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(200_000)}0\r\n\r\n`,
    );
    const { port } = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(port);
    client.send(get('a'));
    const answer = await client.until(/\r\n0\r\n\r\n$/);
    assert.equal(
      answer
        .match(/^x+\r$/gm)
        ?.join('')
        .replaceAll('\r', '').length,
      200_000,
    );
  });

  it('every byte of large and small chunks by turns is right when its client takes them slowly', async (fixture) => {
    const pair = (letter: string): string => `4e20\r\n${letter.repeat(20_000)}\r\nbb8\r\n${letter.repeat(3_000)}\r\n`;
    let sent = 0;
    const backend = await fixture.backend(async (peer) => {
      await peer.until(/\r\n\r\n/);
      peer.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      // One pair at a time, as long as they are taken: each is read by itself.
      for (; peer.socket.writableLength === 0; sent++) {
        peer.send(pair(String.fromCharCode(97 + (sent % 26))));
        await new Promise(setImmediate);
        await new Promise(setImmediate);
      }
      peer.send('0\r\n\r\n');
    });
    const { port } = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(port);
    client.socket.pause();
    client.send(get('a'));
    await settled(() => sent);
    client.socket.resume();
    const answer = await client.until(/\r\n0\r\n\r\n$/);
    const body = answer.slice(answer.indexOf('\r\n\r\n') + 4).replace(/[\da-f]+\r\n([a-z]*)\r\n/g, '$1');
    const runs = body.match(/([a-z])\1*/g) ?? [];
    assert.deepEqual([...new Set(runs.map((run) => run.length))], [23_000]);
    assert.equal(runs.length, sent);
  });
}
