/** What a request leaves behind is nothing: pipelined requests over connections that are kept. */
import { connect, type Socket } from 'node:net';
import { startAnswering } from './answering.ts';
import type { Bound } from './bound.ts';
import { startProxy } from './proxy-process.ts';

const connections = 8;
/** Requests that a client sends without waiting. */
const depth = 32;
const request = `GET /pizzashack/1.0.0/menu?size=large HTTP/1.1\r\nHost: shop.example\r\nAuthorization: Bearer ${'t'.repeat(600)}\r\nAccept: application/json\r\n\r\n`;
const batch = Buffer.from(request.repeat(depth));
/** MB that may be in use at the end besides what was after the first tenth: what is compiled and counted meanwhile. */
const room = 2;

export const requests: Bound = {
  name: 'requests',
  about: 'memory in use after very many requests',
  scale: { short: 100_000, long: 10_000_000, unit: 'requests' },
  async measure(wire, scale, say) {
    const backEnd = await startAnswering();
    const proxy = await startProxy(wire, backEnd.port);
    const clients: Socket[] = [];
    try {
      for (let i = 0; i < connections; i++) clients.push(connect(proxy.http, '127.0.0.1'));
      const rounds = Math.ceil(scale / 10 / connections / depth);
      const used: number[] = [];
      for (let tenth = 1; tenth <= 10; tenth++) {
        await Promise.all(clients.map((client) => ask(client, rounds)));
        const weight = await proxy.weigh();
        used.push(weight.used);
        const done = tenth * rounds * connections * depth;
        say(`after ${done}: ${weight.used.toFixed(2)} MB in use, ${weight.resident.toFixed(0)} MB resident`);
      }
      const [first = 0] = used;
      return [{ name: 'growth', value: Math.min(...used.slice(-3)) - first, unit: 'MB', atMost: room }];
    } finally {
      for (const client of clients) client.destroy();
      await proxy.stop();
      backEnd.close();
    }
  },
};

const status = 'HTTP/1.1 ';

/** Sends batches, each when the one before has been answered. @throws Error if an answer is no 200 */
async function ask(client: Socket, rounds: number): Promise<void> {
  let [batches, answered, tail] = [0, 0, ''];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onData = (piece: Buffer): void => {
    const text = tail + piece.toString('latin1');
    const last = text.length - status.length - 3;
    for (let at = text.indexOf(status); at >= 0 && at <= last; at = text.indexOf(status, at + 1)) {
      if (!text.startsWith('200', at + status.length))
        reject(new Error(`expected 200, got ${text.slice(at, at + 12)}`));
      answered++;
    }
    // As much as is too short to have been counted.
    tail = text.slice(-(status.length + 2));
    if (answered < depth) return;
    answered -= depth;
    if (++batches === rounds) resolve();
    else client.write(batch);
  };
  const onClose = (): void => reject(new Error('a connection was closed'));
  client.on('data', onData).on('close', onClose);
  client.write(batch);
  await promise.finally(() => client.off('data', onData).off('close', onClose));
}
