/** What a gateway weighs, and how long it takes to be ready. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { residentMemory } from '../pinned-process.ts';
import { estimate } from '../statistics.ts';
import { type Figure, names, type Scenario, wires } from './scenario.ts';

const idleConnections = 10_000;

export const footprintScenarios: readonly Scenario[] = [
  {
    name: 'memory',
    about: 'resident memory: idle, and with 10,000 connections, plain or TLS, that had one answer each and are kept',
    async measure(stand) {
      const figures: Figure[] = [];
      const installation = await stand.installation();
      const token = await stand.tokens.make(installation.consumerKey);
      for (const wire of wires) {
        // One for each: what the first connections leave behind would make the second ones look light.
        for (const secure of [false, true]) {
          const gateway = await installation.startGateway(wire);
          await settle();
          const name = names[wire];
          if (!secure)
            figures.push({ name: `${name}, idle`, value: residentMemory(gateway.pid), unit: 'MB', goal: 100 });
          const sockets = await connectAndAsk(new URL(secure ? gateway.https : gateway.http), token);
          await settle();
          const lost = sockets.filter((socket) => socket.destroyed).length;
          if (lost > 0) throw new Error(`${name} closed ${lost} of ${idleConnections} idle connections`);
          const value = residentMemory(gateway.pid);
          if (secure) figures.push({ name: `${name}, 10,000 connections with TLS`, value, unit: 'MB' });
          else figures.push({ name: `${name}, 10,000 connections`, value, unit: 'MB', goal: 110 });
          for (const socket of sockets) socket.destroy();
          await gateway.stop();
        }
      }
      return figures;
    },
  },
  {
    name: 'ready',
    about: 'from the start of the command until a request has its 200, all files warm, 100 APIs; median',
    async measure(stand) {
      const installation = await stand.installation({ apis: 100 });
      const env = { NODE_COMPILE_CACHE: join(stand.folder, 'compiled') };
      const figures: Figure[] = [];
      for (const wire of wires) {
        const seconds: number[] = [];
        for (let run = 0; run <= Math.min(stand.rounds, 7); run++) {
          const from = performance.now();
          const gateway = await installation.startGateway(wire, { env });
          if (run > 0) seconds.push((performance.now() - from) / 1000);
          await gateway.stop();
        }
        figures.push({ name: names[wire], value: estimate(seconds).median, unit: 's', goal: 0.5 });
      }
      return figures;
    },
  },
];

/** What a start or a burst leaves to be done is done. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2000));

async function connectAndAsk({ port, protocol }: URL, token: string): Promise<Socket[]> {
  const request = `GET /api0/1.0.0/menu HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`;
  const sockets: Socket[] = [];
  while (sockets.length < idleConnections) {
    const some = Array.from({ length: 50 }, async () => {
      const to = { port: Number(port), host: '127.0.0.1' };
      const socket = protocol === 'https:' ? connectTls({ ...to, rejectUnauthorized: false }) : connect(to);
      socket.on('error', () => {});
      socket.write(request);
      const [answer] = (await once(socket, 'data')) as [Buffer];
      if (!answer.toString('latin1').startsWith('HTTP/1.1 200 ')) {
        throw new Error(`expected 200, got ${answer.toString('latin1').split('\r\n')[0]}`);
      }
      socket.resume();
      return socket;
    });
    sockets.push(...(await Promise.all(some)));
  }
  return sockets;
}
