/**
 * Several threads that share a port: the kernel gives a connection to one of them by a hash, however busy it is. What
 * that means for clients, when there are few of them and when a thread stands still.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { supportsReusePort } from '../../src/platform/ports.ts';
import { Peer, settled } from '../../src/wire/contract/fixture.ts';
import { wires } from '../../src/wire/index.ts';

const request = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n';
const skip = supportsReusePort() ? false : 'needs a system that spreads connections over the sockets of one port';

for (const wireName of Object.keys(wires)) {
  test(`${wireName}: 200 to each of a few connections, however they fall to two threads`, { skip }, async (t) => {
    const { open } = await twoThreads(t, wireName);
    for (let round = 0; round < 10; round++) {
      const clients = await Promise.all(Array.from({ length: 4 }, open));
      for (const client of clients) client.send(request);
      for (const client of clients) assert.match(await client.until(/by \w+\.$/), /^HTTP\/1\.1 200 /);
      for (const client of clients) client.socket.destroy();
    }
  });

  test(`${wireName}: while a thread stands still the other serves its own connections; those that fall to the first wait, and none is reset`, {
    skip,
  }, async (t) => {
    const { open, standStill, goOn } = await twoThreads(t, wireName);
    const early = await Promise.all(Array.from({ length: 40 }, open));
    const others: Peer[] = [];
    for (const client of early) {
      client.send(request);
      if (/by second\.$/.test(await client.until(/by \w+\.$/))) others.push(client);
    }
    assert.ok(others.length > 0 && others.length < early.length, `${others.length} of 40 at the second thread`);
    await standStill();
    for (const client of others) {
      client.send(request);
      await client.until(/by second\.$/);
    }
    const late = await Promise.all(Array.from({ length: 40 }, open));
    for (const client of late) client.send(request);
    const answered = (): Peer[] => late.filter(({ received }) => /by second\.$/.test(received));
    await settled(() => answered().length);
    assert.ok(answered().length > 0 && answered().length < late.length, `${answered().length} of 40 were answered`);
    goOn();
    for (const client of late) assert.match(await client.until(/by \w+\.$/), /^HTTP\/1\.1 200 /);
  });
}

async function twoThreads(t: TestContext, wireName: string) {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const start = async (name: string, port: number): Promise<{ worker: Worker; port: number }> => {
    const worker = new Worker(new URL('./serving-thread.ts', import.meta.url), {
      workerData: { name, wireName, port, gate },
    });
    const [listensAt] = (await once(worker, 'message')) as [number];
    return { worker, port: listensAt };
  };
  const goOn = (): void => {
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
  };
  const { worker: first, port } = await start('first', 0);
  const { worker: second } = await start('second', port);
  const clients: Peer[] = [];
  t.after(async () => {
    for (const { socket } of clients) socket.destroy();
    goOn();
    await Promise.all([first.terminate(), second.terminate()]);
  });
  return {
    async open(): Promise<Peer> {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      const client = new Peer(socket);
      clients.push(client);
      return client;
    },
    async standStill(): Promise<void> {
      const still = once(first, 'message');
      first.postMessage('stand still');
      await still;
    },
    goOn,
  };
}
