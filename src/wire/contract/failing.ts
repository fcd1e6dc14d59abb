/** Contract: what happens when an upstream, or the client, does not do its part. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Field } from '../wire.ts';
import type { Case } from './fixture.ts';

const get = 'GET /a HTTP/1.1\r\nHost: h\r\n\r\n';
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

export function failing(it: Case): void {
  it('unreachable when nobody listens', async (fixture) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port: free } = server.address() as { port: number };
    server.close();
    const { port } = await fixture.proxy(fixture.upstream(free));
    const client = await fixture.client(port);
    for (let i = 0; i < 3; i++) {
      client.send(get);
      assert.match(await client.until(/unreachable$/), /^HTTP\/1\.1 502 /);
    }
  });

  it('unreachable when the name is unknown', async (fixture) => {
    const { port } = await fixture.proxy(fixture.upstream(0, { origin: 'http://nobody.invalid' }));
    const client = await fixture.client(port);
    client.send(get);
    assert.match(await client.until(/unreachable$/), /^HTTP\/1\.1 502 /);
  });

  it('unreachable when the connection is not made in time', async (fixture) => {
    const backend = await fixture.backend(() => {});
    const upstream = fixture.upstream(0, { origin: `https://127.0.0.1:${backend}`, connectTimeout: 200 });
    const { port } = await fixture.proxy(upstream);
    const client = await fixture.client(port);
    const from = performance.now();
    client.send(get);
    assert.match(await client.until(/unreachable$/), /^HTTP\/1\.1 502 /);
    assert.ok(performance.now() - from < 5_000, 'not by the time that was set');
  });

  it('unreachable when no connection becomes free', async (fixture) => {
    const backend = await fixture.backend(() => {});
    const { port } = await fixture.proxy(fixture.upstream(backend, { maxConnections: 1, connectTimeout: 100 }));
    const first = await fixture.client(port);
    const second = await fixture.client(port);
    first.send(get);
    second.send(get);
    await Promise.race([first.until(/unreachable$/), second.until(/unreachable$/)]);
  });

  it('timeout when the head does not come', async (fixture) => {
    const backend = await fixture.backend(() => {});
    const { port } = await fixture.proxy(fixture.upstream(backend), { timeout: 200 });
    const client = await fixture.client(port);
    client.send(get);
    await client.until(/timeout$/);
    client.send(get);
    await client.until(/timeout$/);
  });

  it('timeout when the upstream does not take the body', async (fixture) => {
    const backend = await fixture.backend((peer) => peer.socket.pause());
    const { port, ended } = await fixture.proxy(fixture.upstream(backend), { timeout: 300 });
    const client = await fixture.client(port);
    const size = 32 * 1024 * 1024;
    client.send(`PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: ${size}\r\n\r\n`);
    client.send(Buffer.alloc(size));
    assert.match(await client.until(/timeout$/), /^HTTP\/1\.1 502 /);
    assert.deepEqual(await ended(), { failure: 'timeout', answered: false });
  });

  it('closed when the connection ends before the head', async (fixture) => {
    const backend = await fixture.backend(async (peer) => {
      await peer.until(/\r\n\r\n/);
      peer.send('HTTP/1.1 200 OK\r\nX-');
      peer.socket.end();
    });
    const { port } = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(port);
    client.send(get);
    await client.until(/closed$/);
  });

  const garbage: Record<string, string> = {
    'is no HTTP': 'SSH-2.0-OpenSSH_9.2\r\n',
    'has a malformed field': 'HTTP/1.1 200 OK\r\nA b: c\r\n\r\n',
    'switches protocols unasked': 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
    'has a coding that nobody undoes': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    'has a head without end': `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(100_000)}`,
  };
  for (const [what, bytes] of Object.entries(garbage)) {
    it(`malformed when the answer ${what}`, async (fixture) => {
      const backend = await fixture.answering(bytes);
      const { port } = await fixture.proxy(fixture.upstream(backend));
      const client = await fixture.client(port);
      client.send(get);
      assert.match(await client.until(/malformed$/), /^HTTP\/1\.1 502 /);
    });
  }

  it('malformed when informational answers do not end', async (fixture) => {
    const backend = await fixture.backend(async (peer) => {
      await peer.until(/\r\n\r\n/);
      peer.send('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(20_000));
    });
    const { port } = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(port);
    client.send(get);
    const answers = (await client.until(/malformed$/)).match(/HTTP\/1\.1 \d+/g) ?? [];
    assert.equal(answers.pop(), 'HTTP/1.1 502');
    assert.ok(answers.length <= 100, `${answers.length} informational answers`);
  });

  it('a field of an answer that would split its head is never sent', async (fixture) => {
    const backend = await fixture.answering(ok);
    const bad: Field[] = ['\r\nx-b: 2\r\n', '\u010dx', '\u010ax', '\0'].map((value) => ['x-a', value]);
    const fields: Field[] = [...bad, ['x-c\r\nx-b', '2'], ['x-d', '3']];
    const edited = await fixture.proxy(fixture.upstream(backend), { edits: { remove: [], set: fields } });
    const local = await fixture.gateway((x) => x.respond({ status: 200, fields, body: 'ok' }));
    for (const { port } of [edited, local]) {
      const client = await fixture.client(port);
      client.send(get);
      const answer = await client.until(/ok$/);
      assert.match(answer, /^HTTP\/1\.1 200 [\s\S]*\r\nx-d: 3\r\n/i);
      assert.doesNotMatch(answer, /x-[abc]/i);
    }
  });

  it('a set field that would split the head is never sent', async (fixture) => {
    let got = 0;
    const backend = await fixture.backend(() => got++);
    const { port } = await fixture.proxy(fixture.upstream(backend), { set: [['x-a', 'b\r\nx-admin: 1']] });
    const client = await fixture.client(port);
    client.send(get);
    assert.match(await client.until(/malformed$/), /^HTTP\/1\.1 502 /);
    assert.equal(got, 0);
  });

  for (const [how, head] of [
    ['of known length', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'],
    ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf'],
  ] as const) {
    it(`the client's connection is cut when a body ${how} ends too early`, async (fixture) => {
      const backend = await fixture.backend(async (peer) => {
        await peer.until(/\r\n\r\n/);
        peer.send(head);
        peer.socket.end();
      });
      const proxy = await fixture.proxy(fixture.upstream(backend));
      const client = await fixture.client(proxy.port);
      client.send(get);
      assert.deepEqual(await proxy.ended(), { failure: 'closed', answered: true });
      assert.doesNotMatch(await client.rest(), /502|\r\n0\r\n/);
    });
  }

  it("the client's connection is cut when a body stalls", async (fixture) => {
    const backend = await fixture.answering('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
    const proxy = await fixture.proxy(fixture.upstream(backend), { timeout: 200 });
    const client = await fixture.client(proxy.port);
    client.send(get);
    assert.deepEqual(await proxy.ended(), { failure: 'timeout', answered: true });
    assert.match(await client.rest(), /half$/);
  });

  it('the upstream request is given up when the client goes', async (fixture) => {
    const { port: backend, arrived } = await fixture.holding();
    const proxy = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(proxy.port);
    client.send(get);
    const peer = await arrived;
    client.socket.destroy();
    assert.deepEqual(await proxy.ended(), { failure: 'client-gone', answered: false });
    await peer.rest();
  });

  it('the upstream request is given up when the client goes in the midst of the answer', async (fixture) => {
    const { port: backend, arrived } = await fixture.holding(
      /\r\n\r\n/,
      'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf',
    );
    const proxy = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(proxy.port);
    client.send(get);
    await client.until(/half$/);
    client.socket.destroy();
    assert.deepEqual(await proxy.ended(), { failure: 'client-gone', answered: true });
    await (await arrived).rest();
  });

  it('the upstream request is given up when the client goes in the midst of its body', async (fixture) => {
    const { port: backend, arrived } = await fixture.holding(/half$/);
    const proxy = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(proxy.port);
    client.send('PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf');
    const peer = await arrived;
    client.socket.destroy();
    assert.deepEqual(await proxy.ended(), { failure: 'client-gone', answered: false });
    await peer.rest();
  });

  it('a client that stops sending its body is cut', async (fixture) => {
    const backend = await fixture.backend(() => {});
    const proxy = await fixture.proxy(fixture.upstream(backend), {}, { bodyTimeout: 300 });
    const client = await fixture.client(proxy.port);
    client.send('PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf');
    assert.deepEqual(await proxy.ended(), { failure: 'client-gone', answered: false });
    await client.rest();
  });

  it('a client that stops reading its answer is cut', async (fixture) => {
    const size = 64 * 1024 * 1024;
    const backend = await fixture.backend(async (peer) => {
      await peer.until(/\r\n\r\n/);
      peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
      peer.send(Buffer.alloc(size));
    });
    const proxy = await fixture.proxy(fixture.upstream(backend), {}, { bodyTimeout: 300 });
    const client = await fixture.client(proxy.port);
    client.socket.pause();
    client.send(get);
    assert.deepEqual(await proxy.ended(), { failure: 'client-gone', answered: true });
  });

  it('400 to a body in malformed chunks, and the upstream request is given up', async (fixture) => {
    const { port: backend, arrived } = await fixture.holding(/abc/);
    const proxy = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(proxy.port);
    client.send('POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
    const peer = await arrived;
    client.send('xyz\r\n');
    assert.match(await client.rest(), /^HTTP\/1\.1 400 [\s\S]*malformed$/);
    assert.equal((await proxy.ended()).failure, 'client-gone');
    assert.doesNotMatch(await peer.rest(), /0\r\n\r\n/);
  });

  it('an answer that comes before the body is read reaches the client', async (fixture) => {
    const backend = await fixture.backend(async (peer) => {
      await peer.until(/\r\n\r\n/);
      peer.send('HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno');
      peer.socket.pause();
    });
    const proxy = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(proxy.port);
    client.send('PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n');
    client.send(Buffer.alloc(2_000_000, 'x'));
    assert.match(await client.rest(), /^HTTP\/1\.1 413 [\s\S]*connection: close\r\n[\s\S]*no$/i);
    assert.deepEqual(await proxy.ended(), { failure: null, answered: true });
  });

  it('an upstream that fails in the midst of an upload is reported to the client', async (fixture) => {
    const backend = await fixture.backend(async (peer) => {
      await peer.until(/xxx/);
      peer.socket.resetAndDestroy();
    });
    const proxy = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(proxy.port);
    client.send('PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n');
    client.send(Buffer.alloc(2_000_000, 'x'));
    assert.match(await client.rest(), /^HTTP\/1\.1 502 [\s\S]*closed$/);
  });

  it('a GET on a kept connection that the upstream has given up is sent once more', async (fixture) => {
    const requests: string[] = [];
    const backend = await fixture.backend(async (peer) => {
      requests.push(await peer.until(/\r\n\r\n/));
      peer.send(ok);
      requests.push(await peer.until(/\r\n\r\n/).catch(() => 'lost'));
      peer.socket.destroy();
    });
    const proxy = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(proxy.port);
    client.send(get);
    await client.until(/ok$/);
    client.send(get);
    assert.match(await client.until(/ok$|closed$/), /^HTTP\/1\.1 200 /);
    assert.equal(requests.length, 3);
  });

  it('a POST is not sent twice', async (fixture) => {
    let requests = 0;
    const backend = await fixture.backend(async (peer) => {
      await peer.until(/\r\n\r\n/);
      requests++;
      peer.send(ok);
      await peer.until(/\r\n\r\n/);
      requests++;
      peer.socket.destroy();
    });
    const proxy = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(proxy.port);
    client.send(get);
    await client.until(/ok$/);
    client.send('POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n');
    assert.match(await client.until(/ok$|closed$/), /^HTTP\/1\.1 502 /);
    assert.equal(requests, 2);
  });

  it('a GET on a fresh connection is not sent twice', async (fixture) => {
    let requests = 0;
    const backend = await fixture.backend(async (peer) => {
      await peer.until(/\r\n\r\n/);
      requests++;
      peer.socket.destroy();
    });
    const proxy = await fixture.proxy(fixture.upstream(backend));
    const client = await fixture.client(proxy.port);
    client.send(get);
    await client.until(/closed$/);
    assert.equal(requests, 1);
  });

  it('after a failure without an answer the request can go to another upstream', async (fixture) => {
    const dead = await fixture.backend((peer) => peer.until(/\r\n\r\n/).then(() => peer.socket.destroy()));
    const alive = await fixture.answering(ok);
    const [first, second] = [fixture.upstream(dead), fixture.upstream(alive)];
    const { port } = await fixture.gateway((exchange) => {
      const request = { upstream: first, target: '/', remove: [], set: [], timeout: 1_000 };
      exchange.forward(request, {
        onHead: () => null,
        onEnd(failure) {
          if (failure === 'closed')
            exchange.forward({ ...request, upstream: second }, { onHead: () => null, onEnd() {} });
        },
      });
    });
    const client = await fixture.client(port);
    client.send(get);
    assert.match(await client.until(/ok$/), /^HTTP\/1\.1 200 /);
  });

  it('a request with a body that could not be connected for can go to another upstream, whole', async (fixture) => {
    const body = 'x'.repeat(300_000);
    let got = '';
    const alive = await fixture.backend(async (peer) => {
      got = await peer.until(/!$/);
      peer.send(ok);
    });
    const upstreams = [fixture.upstream(0, { origin: 'http://nobody.invalid' }), fixture.upstream(alive)];
    const { port } = await fixture.gateway((exchange) => {
      const forward = (at: number): void =>
        exchange.forward(
          { upstream: upstreams[at] as (typeof upstreams)[0], target: '/', remove: [], set: [], timeout: 5_000 },
          {
            onHead: () => null,
            onEnd(failure) {
              if (failure === 'unreachable' && at === 0) setImmediate(forward, 1);
            },
          },
        );
      forward(0);
    });
    const client = await fixture.client(port);
    client.send(`POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length + 1}\r\n\r\n${body}!`);
    assert.match(await client.until(/ok$/), /^HTTP\/1\.1 200 /);
    assert.ok(got.endsWith(`\r\n\r\n${body}!`), 'the body is not whole');
  });
}
