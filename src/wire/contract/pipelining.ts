/** Contract: requests that a client sends without waiting for answers (RFC 9112 9.3.2) cost it the time, not us. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerExchange } from '../wire.ts';
import { type Case, settled } from './fixture.ts';

const get = (path: number | string): string => `GET /${path} HTTP/1.1\r\nHost: h\r\n\r\n`;
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const say = (x: ServerExchange): void => x.respond({ status: 200, fields: [], body: `${x.target}.` });
const numbers = Array.from({ length: 2_000 }, (_, i) => i);

export function pipelining(it: Case): void {
  it('2000 pipelined requests are exchanges one after the other, answered in order', async (fixture) => {
    let open = 0;
    let most = 0;
    const { port } = await fixture.gateway((x) => {
      most = Math.max(most, ++open);
      const answer = (): void => {
        open--;
        say(x);
      };
      if (x.target.endsWith('0')) setImmediate(answer);
      else answer();
    });
    const client = await fixture.client(port);
    client.send(numbers.map(get).join(''));
    const answers = await client.until(/\/1999\.$/);
    assert.deepEqual(
      answers.match(/(?<=\r\n\r\n)\/\d+(?=\.)/g),
      numbers.map((i) => `/${i}`),
    );
    assert.equal(most, 1);
  });

  it('other connections are served while one has its pipelined requests answered', async (fixture) => {
    let answered = 0;
    const { port } = await fixture.gateway((x) => {
      answered++;
      say(x);
    });
    const other = await fixture.client(port);
    const client = await fixture.client(port);
    client.send(numbers.map(get).join(''));
    await client.until(/\/0\./);
    other.send(get('other'));
    await other.until(/\/other\.$/);
    assert.ok(answered < numbers.length / 2, `after ${answered} of the others`);
  });

  it('pipelined requests open one connection to the upstream', async (fixture) => {
    let connections = 0;
    const backend = await fixture.backend(async (peer) => {
      connections++;
      for (;;) {
        const [, path = ''] = (await peer.until(/\r\n\r\n/)).split(' ');
        peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`);
      }
    });
    const { port } = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(port);
    client.send(numbers.slice(0, 200).map(get).join(''));
    await client.until(/\r\n\r\n\/199$/);
    assert.equal(connections, 1);
  });

  it('pipelined requests with bodies', async (fixture) => {
    const got: string[] = [];
    const backend = await fixture.backend(async (peer) => {
      for (;;) {
        got.push((await peer.until(/\.$/)).replace(/^[\s\S]*\r\n\r\n/, ''));
        peer.send(ok);
      }
    });
    const { port } = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(port);
    const post = 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ';
    client.send(`${post}2\r\n\r\na.${post}4\r\n\r\nbbb.${post}300000\r\n\r\nccc`);
    await client.until(/ok[\s\S]*ok$/);
    client.send(`${'c'.repeat(299_996)}.`);
    await client.until(/ok$/);
    assert.deepEqual(got, ['a.', 'bbb.', `${'c'.repeat(299_999)}.`]);
  });

  it('reading stops while requests wait, and goes on after', async (fixture) => {
    const size = 32 * 1024 * 1024;
    const filler = 'x'.repeat(7_000);
    const count = Math.ceil(size / filler.length);
    let first: ServerExchange | undefined;
    let served = 0;
    const { port } = await fixture.gateway((x) => {
      served++;
      if (first) say(x);
      else first = x;
    });
    const client = await fixture.client(port);
    let sent = 0;
    const sending = (async () => {
      for (; sent < count; sent++)
        if (!client.socket.write(`GET /${sent} HTTP/1.1\r\nHost: h\r\nX-A: ${filler}\r\n\r\n`))
          await once(client.socket, 'drain');
    })();
    assert.ok((await settled(() => sent)) < (count * 3) / 4, `${sent} of ${count} went ahead`);
    assert.equal(served, 1);
    say(first as unknown as ServerExchange);
    await sending;
    await client.until(new RegExp(`/${count - 1}\\.$`));
    assert.equal(served, count);
  });

  it('no more requests are served than the client takes answers', async (fixture) => {
    let served = 0;
    const body = 'x'.repeat(100_000);
    const { port } = await fixture.gateway((x) => {
      served++;
      x.respond({ status: 200, fields: [], body });
    });
    const client = await fixture.client(port);
    client.socket.pause();
    client.send(numbers.slice(0, 500).map(get).join(''));
    assert.ok((await settled(() => served)) < 300, `${served} answers`);
    client.socket.resume();
    while (served < 500) await new Promise(setImmediate);
  });

  it('what waits is dropped when the client goes', async (fixture) => {
    let requests = 0;
    const backend = await fixture.backend(async (peer) => {
      await peer.until(/\r\n\r\n/);
      requests++;
    });
    const proxy = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(proxy.port);
    client.send(get(1) + get(2));
    while (requests === 0) await new Promise(setImmediate);
    client.socket.destroy();
    assert.deepEqual(await proxy.ended(), { failure: 'client-gone', answered: false });
    await settled(() => requests);
    assert.equal(requests, 1);
  });

  it('what waits is dropped by drain, after the answer under way', async (fixture) => {
    const served: ServerExchange[] = [];
    const { port, server } = await fixture.gateway((x) => served.push(x));
    const client = await fixture.client(port);
    client.send(get(1) + get(2));
    while (!served[0]) await new Promise(setImmediate);
    const done = server.drain(10_000);
    say(served[0]);
    assert.match(await client.rest(), /^HTTP\/1\.1 200 [\s\S]*connection: close\r\n[\s\S]*\/1\.$/i);
    await done;
    assert.equal(served.length, 1);
  });

  it('what comes after `connection: close` is not served', async (fixture) => {
    const served: string[] = [];
    const { port } = await fixture.gateway((x) => {
      served.push(x.target);
      say(x);
    });
    const client = await fixture.client(port);
    client.send(`${get(1)}GET /2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n${get(3)}`);
    assert.match(await client.rest(), /\/2\.$/);
    assert.deepEqual(served, ['/1', '/2']);
  });

  it('a malformed request does not overtake the answers before it', async (fixture) => {
    let first: ServerExchange | undefined;
    const { port } = await fixture.gateway((x) => {
      first = x;
    });
    const client = await fixture.client(port);
    client.send(`${get(1)}GET /2 HTTP/1.1\r\n\r\n${get(3)}`);
    while (!first) await new Promise(setImmediate);
    say(first);
    assert.match(await client.rest(), /^HTTP\/1\.1 200 [\s\S]*\/1\.HTTP\/1\.1 400 [\s\S]*malformed$/);
    assert.equal(first.target, '/1');
  });

  it('after a request for an upgrade the next is served, or the client told to send it again', async (fixture) => {
    const { port } = await fixture.gateway(say);
    for (const body of ['', 'ab']) {
      const client = await fixture.client(port);
      const head = `POST /up HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: ${body.length}\r\n\r\n`;
      client.send(`${head}${body}${get('next')}`);
      assert.match(await client.until(/\/next\.$|\/up\.$/), /connection: close\r\n[\s\S]*\/up\.$|\/next\.$/i);
    }
  });

  it('a request for an upgrade keeps its connection', async (fixture) => {
    const { port } = await fixture.gateway(say);
    const client = await fixture.client(port);
    for (let i = 0; i < 3; i++) {
      client.send(`GET /${i} HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n`);
      assert.doesNotMatch(await client.until(/\/\d\.$/), /connection: close/i);
    }
  });
}
