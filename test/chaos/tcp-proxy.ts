/** A TCP proxy that breaks connections in the ways in which networks do. Bytes, TLS included, go through untouched. */
import { createConnection, createServer, type Server, type Socket } from 'node:net';

/**
 * `pass`; `refuse`: nobody listens, what is open is reset; `reset`: connections are accepted and reset; `delay`: every
 * piece waits; `swallow`: connections are accepted, or stay open, and nothing ever comes through them again.
 */
export type ProxyMode = 'pass' | 'refuse' | 'reset' | 'delay' | 'swallow';

export interface TcpProxy {
  readonly port: number;
  /** What was swallowed stays so, as after a router that lost its table: only new connections pass again. */
  set(mode: ProxyMode, delayMs?: number): Promise<void>;
  close(): Promise<void>;
}

interface Link {
  readonly near: Socket;
  readonly far: Socket | null;
  dead: boolean;
}

/** From a port of its own to another one, both on loopback. */
export async function startTcpProxy(port: number, target: number): Promise<TcpProxy> {
  const links = new Set<Link>();
  let mode: ProxyMode = 'pass';
  let delay = 0;

  const open = (near: Socket): void => {
    near.on('error', () => {});
    if (mode === 'reset') return void near.resetAndDestroy();
    const far = mode === 'swallow' ? null : createConnection({ host: '127.0.0.1', port: target, allowHalfOpen: true });
    const link: Link = { near, far, dead: mode === 'swallow' };
    links.add(link);
    near.on('close', () => {
      links.delete(link);
      far?.destroy();
    });
    if (!far) return void near.resume();
    // A reset at one end is one at the other, unless nothing is to come through. What ends well is ended by `pipe`.
    far.on('error', () => (link.dead ? undefined : near.resetAndDestroy()));
    pipe(near, far, link);
    pipe(far, near, link);
  };
  const pipe = (from: Socket, to: Socket, link: Link): void => {
    from.on('data', (piece) => {
      if (link.dead) return;
      if (delay === 0) return void to.write(piece);
      setTimeout(() => !link.dead && to.write(piece), delay);
    });
    from.on('end', () => !link.dead && setTimeout(() => to.end(), delay));
  };

  let server: Server | null = null;
  const listen = (): Promise<void> =>
    new Promise((resolve, reject) => {
      server = createServer({ allowHalfOpen: true, noDelay: true }, open);
      server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
  const reset = () => {
    for (const { near } of links) near.resetAndDestroy();
  };
  const shut = (): Promise<void> =>
    new Promise((resolve) => {
      if (!server) return resolve();
      server.close(() => resolve());
      server = null;
      reset();
    });

  await listen();
  return {
    port,
    async set(next, delayMs = 0) {
      mode = next;
      delay = next === 'delay' ? delayMs : 0;
      if (next === 'refuse') return shut();
      if (next === 'reset') reset();
      if (next === 'swallow') for (const link of links) link.dead = true;
      if (!server) await listen();
    },
    close: shut,
  };
}
