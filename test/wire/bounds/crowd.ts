/**
 * Clients in a process of their own, so that what they cost is not the cost of who measures:
 * `crowd.ts PORT COUNT silent|dripping|secure`. Silent ones (secure: over TLS) have had one answer and say no more; dripping ones send a
 * head that never ends, a byte a second. It tells its parent when all are there, and how many were lost when asked.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export type Manner = 'silent' | 'secure' | 'dripping';

export interface Crowd {
  /** Those whose connection was closed. */
  lost(): Promise<number>;
  leave(): Promise<void>;
}

/** Resolves when all have connected, and had their answer if they want one. */
export async function gather(port: number, count: number, manner: Manner): Promise<Crowd> {
  const child = fork(import.meta.filename, [String(port), String(count), manner]);
  const ended = once(child, 'close');
  await Promise.race([once(child, 'message'), ended.then(([code]) => Promise.reject(new Error(`the crowd: ${code}`)))]);
  return {
    async lost() {
      child.send('lost');
      const [lost] = (await once(child, 'message')) as [number];
      return lost;
    },
    async leave() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

const request = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n';
/** Connections that are being made at the same time. */
const abreast = 50;

async function join(port: number, manner: Manner): Promise<Socket> {
  const socket =
    manner === 'secure'
      ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
      : connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, manner === 'secure' ? 'secureConnect' : 'connect');
  if (manner === 'dripping') {
    socket.write('GET / HTTP/1.1\r\nHost: h\r\nX-A: ');
    // Not all in the same moment.
    setTimeout(() => setInterval(() => socket.write('a'), 1_000), Math.random() * 1_000);
    return socket;
  }
  socket.write(request);
  await once(socket, 'data');
  return socket;
}

async function crowd(port: number, count: number, manner: Manner): Promise<void> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const some = Array.from({ length: Math.min(abreast, count - sockets.length) }, () => join(port, manner));
    sockets.push(...(await Promise.all(some)));
  }
  process.on('message', () => process.send?.(sockets.filter((socket) => socket.destroyed).length));
  process.on('disconnect', () => process.exit());
  process.send?.('there');
}

if (import.meta.main) await crowd(Number(process.argv[2]), Number(process.argv[3]), process.argv[4] as Manner);
