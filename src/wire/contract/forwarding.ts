/** Contract: what an upstream gets, and what its client gets back. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Field } from '../wire.ts';
import { type Case, type Peer, settled } from './fixture.ts';

const get = 'GET /a HTTP/1.1\r\nHost: h\r\n\r\n';
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** Field lines of a head, sorted, names in lower case. */
function fields(message: string): string[] {
  const [head = ''] = message.split('\r\n\r\n');
  return head
    .split('\r\n')
    .slice(1)
    .map((line) => line.replace(/^[^:]*/, (name) => name.toLowerCase()))
    .sort();
}

export function forwarding(it: Case): void {
  it('the request goes on without its hop-by-hop fields and with the changes', async (fixture) => {
    let got = '';
    const backend = await fixture.backend(async (peer) => {
      got = await peer.until(/\r\n\r\n/);
      peer.send(ok);
    });
    const proxy = await fixture.proxy(fixture.upstream(backend), {
      target: '/b?c=%2f',
      remove: ['authorization'],
      set: [
        ['x-user', 'mary'],
        ['x-new', '1'],
      ],
    });
    const client = await fixture.client(proxy.port);
    client.send(
      'GET /a HTTP/1.1\r\nHost: h\r\nAccept: */*\r\nX-Two: 1\r\nX-Two: 2\r\nAuthorization: Bearer t\r\nX-User: eve\r\n' +
        'Connection: keep-alive, X-Own, content-length\r\nX-Own: 1\r\nKeep-Alive: timeout=5\r\nTE: trailers\r\n' +
        'Proxy-Connection: keep-alive\r\nTrailer: x\r\nUpgrade: h2c\r\n\r\n',
    );
    assert.match(await client.until(/ok$/), /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(got, /^GET \/b\?c=%2f HTTP\/1\.1\r\n/);
    assert.deepEqual(
      fields(got).filter((line) => line !== 'connection: keep-alive'),
      ['accept: */*', `host: 127.0.0.1:${backend}`, 'x-new: 1', 'x-two: 1', 'x-two: 2', 'x-user: mary'],
    );
    assert.deepEqual(await proxy.ended(), { failure: null, answered: true });
  });

  it('no field that is ours gets by in underscores', async (fixture) => {
    let got = '';
    const backend = await fixture.backend(async (peer) => {
      got = await peer.until(/\r\n\r\n/);
      peer.send(ok);
    });
    const proxy = await fixture.proxy(fixture.upstream(backend), {
      remove: ['x-api-key'],
      set: [['x-forwarded-for', '192.0.2.1']],
    });
    const client = await fixture.client(proxy.port);
    client.send(
      'GET /a HTTP/1.1\r\nHost: h\r\nX_Forwarded_For: 7\r\nX-Forwarded_For: 7\r\nX_API_Key: 7\r\nConnection: X-Own\r\n' +
        'Transfer_Encoding: 7\r\nContent_Length: 7\r\nX_Own: 7\r\nX_Other: 1\r\n\r\n',
    );
    await client.until(/ok$/);
    assert.deepEqual(
      fields(got).filter((line) => line !== 'connection: keep-alive'),
      [`host: 127.0.0.1:${backend}`, 'x-forwarded-for: 192.0.2.1', 'x_other: 1'],
    );
  });

  it('fields that clients have no say in are not passed on, in underscores neither, unless they are kept', async (fixture) => {
    const heads: string[] = [];
    const backend = await fixture.backend(async (peer) => {
      for (;;) {
        heads.push(await peer.until(/\r\n\r\n/));
        peer.send(ok);
      }
    });
    const upstream = fixture.upstream(backend);
    let keepsReserved = false;
    const read: (string | undefined)[] = [];
    const { port } = await fixture.gateway(
      (x) => {
        read.push(x.header('x-forwarded-for'));
        const set: Field[] = [['x-forwarded-for', 'us']];
        x.forward(
          { upstream, target: x.target, remove: [], set, timeout: 5_000, keepsReserved },
          { onHead: () => null, onEnd: () => undefined },
        );
      },
      { reserved: ['forwarded', 'x-forwarded-*'] },
    );
    const client = await fixture.client(port);
    const request =
      'GET /a HTTP/1.1\r\nHost: h\r\nForwarded: for=a\r\nX-Forwarded-For: them\r\nX-FORWARDED-Client-Cert: c\r\n' +
      'X_Forwarded_Client-Cert: d\r\nX-Forwarde: 1\r\nForwarded-2: 2\r\n\r\n';
    client.send(request);
    await client.until(/ok$/);
    keepsReserved = true;
    client.send(request);
    await client.until(/ok$/);
    assert.deepEqual(read, ['them', 'them']);
    // undici says that it keeps its connection.
    const sent = (head = '') => fields(head).filter((line) => line !== 'connection: keep-alive');
    const own = [`host: 127.0.0.1:${backend}`, 'forwarded-2: 2', 'x-forwarde: 1', 'x-forwarded-for: us'];
    assert.deepEqual(sent(heads[0]), own.toSorted());
    const kept = [...own, 'forwarded: for=a', 'x-forwarded-client-cert: c'];
    assert.deepEqual(sent(heads[1]), kept.toSorted());
  });

  it('a Host that is set replaces the upstream own', async (fixture) => {
    let got = '';
    const backend = await fixture.backend(async (peer) => {
      got = await peer.until(/\r\n\r\n/);
      peer.send(ok);
    });
    const { port } = await fixture.proxy(fixture.upstream(backend), { set: [['host', 'shop.example']] });
    const client = await fixture.client(port);
    client.send(get);
    await client.until(/ok$/);
    assert.deepEqual(got.match(/^host: .*$/gim), ['host: shop.example']);
  });

  it('fields to set are those of each request, also when a list comes again', async (fixture) => {
    const seen: string[] = [];
    const backend = await fixture.backend(async (peer) => {
      for (;;) {
        seen.push((await peer.until(/\r\n\r\n/)).match(/^x-set: .*$/gim)?.join() ?? 'nothing');
        peer.send(ok);
      }
    });
    const upstream = fixture.upstream(backend);
    const lists = [[], [['x-set', 'one']], [['x-set', 'two']], [['x-set', 'a\r\nb: c']]] as [string, string][][];
    const failures: unknown[] = [];
    const { port } = await fixture.gateway((exchange) => {
      const set = lists[Number(exchange.target.slice(1))] ?? [];
      const onEnd = (failure: unknown, answered: boolean): void => {
        if (answered) return;
        failures.push(failure);
        exchange.respond({ status: 502, fields: [], body: 'ok' });
      };
      const request = { upstream, target: exchange.target, remove: [], set, timeout: 60_000 };
      exchange.forward(request, { onHead: () => null, onEnd });
    });
    const client = await fixture.client(port);
    for (const at of [1, 1, 1, 2, 1, 2, 2, 0, 0, 2, 3, 3, 1, 1]) {
      client.send(get.replace('/a', `/${at}`));
      await client.until(/ok$/);
    }
    const [one, two] = ['x-set: one', 'x-set: two'];
    assert.deepEqual(seen, [one, one, one, two, one, two, two, 'nothing', 'nothing', two, one, one]);
    assert.deepEqual(failures, ['malformed', 'malformed']);
  });

  it('a head that our own fields make long goes on whole', async (fixture) => {
    let got = '';
    const backend = await fixture.backend(async (peer) => {
      got = await peer.until(/\r\n\r\n/);
      peer.send(ok);
    });
    const long = 'x'.repeat(100_000);
    const { port } = await fixture.proxy(fixture.upstream(backend), {
      set: [
        ['x-long', long],
        ['x-last', '1'],
      ],
    });
    const client = await fixture.client(port);
    client.send('GET /a HTTP/1.1\r\nHost: h\r\nAccept: */*\r\n\r\n');
    await client.until(/ok$/);
    assert.deepEqual(
      fields(got).filter((line) => line !== 'connection: keep-alive'),
      ['accept: */*', `host: 127.0.0.1:${backend}`, 'x-last: 1', `x-long: ${long}`],
    );
  });

  it('the answer comes back without its hop-by-hop fields and with the changes', async (fixture) => {
    const backend = await fixture.answering(
      'HTTP/1.1 207 Multi-Status\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2\r\nX-Own: 1\r\nConnection: x-own\r\n' +
        'Keep-Alive: timeout=9\r\nServer: secret\r\nX-A: b\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: 2\r\n\r\nok',
    );
    const edits = { remove: ['server'], set: [['x-a', 'c'] as const] };
    const proxy = await fixture.proxy(fixture.upstream(backend), { edits });
    const client = await fixture.client(proxy.port);
    client.send(get);
    const answer = await client.until(/ok$/);
    assert.match(answer, /^HTTP\/1\.1 207 /);
    assert.deepEqual(
      fields(answer).filter((line) => !/^(connection|keep-alive): /.test(line)),
      [
        'content-length: 2',
        'date: Thu, 01 Jan 1970 00:00:00 GMT',
        'set-cookie: a=1; Path=/',
        'set-cookie: b=2',
        'x-a: c',
      ],
    );
    assert.doesNotMatch(answer, /timeout=9|x-own/);
    assert.equal(proxy.heads[0]?.status, 207);
  });

  it('an answer may have a head of 30 kB', async (fixture) => {
    const backend = await fixture.answering(
      `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(30_000)}\r\nContent-Length: 2\r\n\r\nok`,
    );
    const { port } = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(port);
    client.send(get);
    assert.match(await client.until(/ok$|malformed$/), /\r\nx-a: a{30000}\r\n/i);
  });

  it('onHead can look at the answer', async (fixture) => {
    const backend = await fixture.answering('HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 2\r\n\r\nok');
    const upstream = fixture.upstream(backend);
    let seen: unknown;
    const { port } = await fixture.gateway((x) =>
      x.forward(
        { upstream, target: '/', remove: [], set: [], timeout: 1_000 },
        {
          onHead(status, head) {
            seen = [status, head.header('x-a'), head.header('x-b')];
            return null;
          },
          onEnd() {},
        },
      ),
    );
    const client = await fixture.client(port);
    client.send(get);
    await client.until(/ok$/);
    assert.deepEqual(seen, [200, '1, 2', undefined]);
  });

  it('a body of known length', async (fixture) => {
    let got = '';
    const { promise: begun, resolve: seen } = Promise.withResolvers<void>();
    const backend = await fixture.backend(async (peer) => {
      got = await peer.until(/hello /);
      seen();
      got += await peer.until(/world$/);
      peer.send(ok);
    });
    const { port } = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(port);
    client.send('POST /a HTTP/1.1\r\nHost: h\r\nConnection: content-length\r\nContent-Length: 11\r\n\r\nhello ');
    await begun;
    client.send('world');
    await client.until(/ok$/);
    assert.match(got, /\r\ncontent-length: 11\r\n([\w-]+: .*\r\n)*\r\nhello world$/i);
    assert.doesNotMatch(got, /transfer-encoding/i);
  });

  it('a chunked body stays chunked and loses its trailers', async (fixture) => {
    let got = '';
    const { promise: begun, resolve: seen } = Promise.withResolvers<void>();
    const backend = await fixture.backend(async (peer) => {
      got = await peer.until(/hello/);
      seen();
      got += await peer.until(/0\r\n\r\n$/);
      peer.send(ok);
    });
    const { port } = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(port);
    client.send('POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n');
    await begun;
    client.send('1\r\n!\r\n0\r\nX-Trailer: 1\r\n\r\n');
    await client.until(/ok$/);
    assert.match(got, /\r\ntransfer-encoding: chunked\r\n/i);
    assert.doesNotMatch(got, /content-length|x-trailer|x=y/i);
    const body = got.slice(got.indexOf('\r\n\r\n') + 4);
    assert.equal(body.replace(/[\da-f]+\r\n|\r\n/gi, ''), 'hello!');
  });

  it('no body when the client sent none', async (fixture) => {
    let got = '';
    const backend = await fixture.backend(async (peer) => {
      got += await peer.until(/\r\n\r\n/);
      peer.send(ok);
      got += await peer.until(/\r\n\r\n/);
      peer.send(ok);
    });
    const { port } = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(port);
    client.send('POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n');
    await client.until(/ok$/);
    client.send(get);
    await client.until(/ok$/);
    assert.deepEqual(got.match(/content-length: .*|transfer-encoding: .*/gi), ['content-length: 0']);
  });

  it('100-continue is answered when the request is forwarded', async (fixture) => {
    let got = '';
    const backend = await fixture.backend(async (peer) => {
      got = await peer.until(/abc$/);
      peer.send(ok);
    });
    const { port } = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(port);
    client.send('POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n');
    assert.equal(await client.until(/\r\n\r\n/), 'HTTP/1.1 100 Continue\r\n\r\n');
    client.send('abc');
    assert.match(await client.until(/ok$/), /^HTTP\/1\.1 200 /);
    assert.doesNotMatch(got, /expect/i);
  });

  it('a chunked answer, its trailers dropped, and the next one on the same connection', async (fixture) => {
    const backend = await fixture.answering(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-t\r\n\r\n3\r\nabc\r\n2;e=f\r\nde\r\n0\r\nX-T: 1\r\n\r\n',
    );
    const { port } = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(port);
    for (let i = 0; i < 2; i++) {
      client.send(get);
      const answer = await client.until(/\r\n0\r\n\r\n$/);
      assert.doesNotMatch(answer, /x-t|content-length/i);
      assert.equal(
        answer
          .slice(answer.indexOf('\r\n\r\n') + 4)
          .replace(/[\da-f]+\r\n|\r\n/gi, '')
          .replace(/^[\da-f]$/, ''),
        '',
      );
      assert.match(answer, /a[\s\S]*b[\s\S]*c[\s\S]*d[\s\S]*e/);
    }
  });

  it('an answer that ends with its connection is chunked for the client', async (fixture) => {
    const backend = await fixture.backend(async (peer) => {
      await peer.until(/\r\n\r\n/);
      peer.send('HTTP/1.0 200 OK\r\n\r\nthe end');
      peer.socket.end();
    });
    const proxy = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(proxy.port);
    client.send(get);
    assert.match(
      await client.until(/\r\n0\r\n\r\n$/),
      /transfer-encoding: chunked\r\n[\s\S]*\r\nthe end\r\n0\r\n\r\n$/i,
    );
    assert.equal((await proxy.ended()).failure, null);
  });

  it('a chunked answer to an HTTP/1.0 client ends with its connection', async (fixture) => {
    const backend = await fixture.answering(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    );
    const { port } = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(port);
    client.send('GET / HTTP/1.0\r\nHost: h\r\n\r\n');
    const answer = await client.rest();
    assert.match(answer, /\r\n\r\nabc$/);
    assert.doesNotMatch(answer, /transfer-encoding/i);
  });

  it('HEAD, 204 and 304 have no body', async (fixture) => {
    const answers = [
      'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n',
      'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n',
      'HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\nETag: "a"\r\n\r\n',
      ok,
    ];
    const backend = await fixture.backend(async (peer) => {
      while (!peer.isClosed) {
        await peer.until(/\r\n\r\n/).catch(() => '');
        if (!peer.isClosed) peer.send(answers.shift() as string);
      }
    });
    const { port } = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(port);
    client.send('HEAD / HTTP/1.1\r\nHost: h\r\n\r\n');
    assert.match(
      await client.until(/\r\n\r\n/),
      /^HTTP\/1\.1 200 [\s\S]*content-length: 1000\r\n([\w-]+: .*\r\n)*\r\n$/i,
    );
    client.send(get);
    assert.match(
      await client.until(/\r\n\r\n/),
      /^HTTP\/1\.1 204 (?:(?!content-length|transfer-encoding)[\s\S])*\r\n\r\n$/i,
    );
    client.send(get);
    assert.match(await client.until(/\r\n\r\n/), /^HTTP\/1\.1 304 [\s\S]*etag: "a"[\s\S]*\r\n\r\n$/i);
    client.send(get);
    assert.match(await client.until(/ok$/), /^HTTP\/1\.1 200 /);
  });

  it('an interim answer precedes the final one', async (fixture) => {
    const backend = await fixture.answering(`HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n${ok}`);
    const proxy = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(proxy.port);
    client.send(get);
    assert.match(await client.until(/ok$/), /^HTTP\/1\.1 103 [\s\S]*link: <\/a>[\s\S]*\r\n\r\nHTTP\/1\.1 200 /i);
    assert.equal(proxy.heads.length, 1);
  });

  it('a 100 that nobody asked for does no harm', async (fixture) => {
    const backend = await fixture.answering(`HTTP/1.1 100 Continue\r\n\r\n${ok}`);
    const { port } = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(port);
    client.send(get);
    assert.match(await client.until(/ok$/), /HTTP\/1\.1 200 /);
  });

  it('transfer-encoding in an answer overrides its content-length', async (fixture) => {
    const backend = await fixture.answering(
      'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    );
    const { port } = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(port);
    client.send(get);
    const answer = await client.until(/0\r\n\r\n$|malformed$/);
    assert.doesNotMatch(answer, /content-length: 3/i);
  });

  it('the head of an answer does not wait for its body', async (fixture) => {
    let peer: Peer | undefined;
    const backend = await fixture.backend(async (accepted) => {
      peer = accepted;
      await accepted.until(/\r\n\r\n/);
      accepted.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n');
    });
    const { port } = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(port);
    client.send(get);
    assert.match(await client.until(/\r\n\r\n$/), /^HTTP\/1\.1 200 /);
    peer?.send('da');
    assert.equal(await client.until(/da$/), 'da');
    peer?.send('ta');
    assert.equal(await client.until(/ta$/), 'ta');
  });

  it('one connection serves many requests', async (fixture) => {
    let connections = 0;
    const backend = await fixture.backend(async (peer) => {
      connections++;
      for (;;) {
        await peer.until(/\r\n\r\n/);
        peer.send(ok);
      }
    });
    const { port } = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(port);
    for (let i = 0; i < 5; i++) {
      client.send(get);
      await client.until(/ok$/);
    }
    assert.equal(connections, 1);
  });

  it('requests beyond the limit of connections wait', async (fixture) => {
    const peers: Peer[] = [];
    const backend = await fixture.backend((peer) => peers.push(peer));
    const { port } = await fixture.proxy(fixture.upstream(backend, { maxConnections: 1 }));
    const first = await fixture.client(port);
    const second = await fixture.client(port);
    first.send(get);
    second.send(get);
    while (!peers[0]) await new Promise(setImmediate);
    await peers[0].until(/\r\n\r\n/);
    peers[0].send(ok);
    await peers[0].until(/\r\n\r\n/);
    assert.equal(peers.length, 1);
    peers[0].send(ok);
    await Promise.all([first.until(/ok$/), second.until(/ok$/)]);
  });

  it('a download waits for a slow client and arrives whole', async (fixture) => {
    const size = 48 * 1024 * 1024;
    const block = Buffer.alloc(65_536, 'd');
    let sent = 0;
    const backend = await fixture.backend(async (peer) => {
      await peer.until(/\r\n\r\n/);
      peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
      while (sent < size) {
        sent += block.length;
        if (!peer.socket.write(block)) await once(peer.socket, 'drain');
      }
    });
    const proxy = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(proxy.port);
    client.socket.removeAllListeners('data');
    client.socket.pause();
    client.send(get);
    assert.ok((await settled(() => sent)) < size - 8 * 1024 * 1024, `${sent} of ${size} went ahead`);
    let got = 0;
    let head = '';
    client.socket.on('data', (chunk) => {
      if (!head) {
        head = chunk.toString('latin1');
        got -= head.indexOf('\r\n\r\n') + 4;
      }
      got += chunk.length;
    });
    client.socket.resume();
    assert.deepEqual(await proxy.ended(), { failure: null, answered: true });
    assert.equal(await settled(() => got), size);
  });

  it('an upload waits for a slow upstream and arrives whole', async (fixture) => {
    const size = 48 * 1024 * 1024;
    const block = Buffer.alloc(65_536, 'u');
    let got = 0;
    let peer: Peer | undefined;
    const backend = await fixture.backend((accepted) => {
      peer = accepted;
      accepted.socket.removeAllListeners('data');
      accepted.socket.pause();
    });
    const { port } = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(port);
    client.send(`PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: ${size}\r\n\r\n`);
    let sent = 0;
    const upload = (async () => {
      while (sent < size) {
        sent += block.length;
        if (!client.socket.write(block)) await once(client.socket, 'drain');
      }
    })();
    assert.ok((await settled(() => sent)) < size - 8 * 1024 * 1024, `${sent} of ${size} went ahead`);
    const socket = (peer as Peer | undefined)?.socket;
    let head = '';
    socket?.on('data', (chunk) => {
      if (!head) {
        head = chunk.toString('latin1');
        got -= head.indexOf('\r\n\r\n') + 4;
      }
      got += chunk.length;
      if (got === size) socket.write(ok);
    });
    socket?.resume();
    await upload;
    assert.match(await client.until(/ok$/), /^HTTP\/1\.1 200 /);
    assert.equal(got, size);
  });
}
