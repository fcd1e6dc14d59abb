/**
 * A proxy on the wire, in a process of its own so that its memory is its own: `proxy-process.ts WIRE BACK-END-PORT`.
 * It tells its parent its ports (plain, TLS), and what it weighs when asked.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { issue } from '../../../src/wire/contract/certificates.ts';
import { wires } from '../../../src/wire/index.ts';

/** MB (of 1,000,000 bytes). */
export interface Weight {
  /** In memory, of the whole process. */
  readonly resident: number;
  /** The most of it since it was last asked. */
  readonly peak: number;
  /** The most that buffers had since it was last asked, those that nobody needs any more included until they are collected. */
  readonly buffers: number;
  /** JavaScript objects that are in use, and what they hold outside of the heap. */
  readonly used: number;
}

export interface ProxyProcess {
  readonly http: number;
  readonly https: number;
  weigh(): Promise<Weight>;
  stop(): Promise<void>;
}

/** @param backEnd port of it */
export async function startProxy(wire: keyof typeof wires, backEnd: number): Promise<ProxyProcess> {
  const child = fork(import.meta.filename, [wire, String(backEnd)], { serialization: 'advanced' });
  const [ports] = (await message(child)) as [{ http: number; https: number }];
  return {
    ...ports,
    async weigh() {
      child.send('weigh');
      const [weight] = (await message(child)) as [Weight];
      return weight;
    },
    async stop() {
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
    },
  };
}

async function message(child: ChildProcess): Promise<unknown[]> {
  const ended = new AbortController();
  const signal = ended.signal;
  const gone = once(child, 'close', { signal }).then(([code]) => {
    throw new Error(`the proxy ended with ${code}`);
  });
  try {
    return (await Promise.race([once(child, 'message', { signal }), gone])) as unknown[];
  } finally {
    gone.catch(() => undefined);
    ended.abort();
  }
}

async function serve(wireName: keyof typeof wires, backEnd: number): Promise<void> {
  const wire = await wires[wireName]();
  const upstream = wire.createUpstream({
    origin: `http://127.0.0.1:${backEnd}`,
    connectTimeout: 10_000,
    maxConnections: 0,
    idleTimeout: 60_000,
  });
  const handler = { onHead: () => null, onEnd: () => {} };
  const listen = (tls?: { cert: string; key: string }): Promise<number> =>
    wire
      .createServer(
        {
          ...(tls && { tls }),
          maxHeadSize: 16_384,
          maxTargetLength: 8_192,
          headTimeout: 600_000,
          keepAliveTimeout: 600_000,
          refuse: (defect) => ({ status: 400, fields: [], body: defect }),
        },
        (exchange) =>
          exchange.forward({ upstream, target: exchange.target, remove: [], set: [], timeout: 60_000 }, handler),
      )
      .listen({ host: '127.0.0.1', port: 0, reusePort: false });
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  let [peak, buffers] = [0, 0];
  const look = (): void => {
    const { rss, arrayBuffers } = process.memoryUsage();
    peak = Math.max(peak, rss);
    buffers = Math.max(buffers, arrayBuffers);
  };
  setInterval(look, 20);
  process.on('message', async () => {
    look();
    collectGarbage();
    // What objects held outside of the heap is let go after them.
    await new Promise(setImmediate);
    collectGarbage();
    const { rss, heapUsed, external } = process.memoryUsage();
    const weight = { resident: rss, peak, buffers, used: heapUsed + external };
    process.send?.(Object.fromEntries(Object.entries(weight).map(([name, bytes]) => [name, bytes / 1e6])));
    peak = buffers = 0;
  });
  process.on('disconnect', () => process.exit());
  process.send?.({ http: await listen(), https: await listen(await issue('server', 'localhost')) });
}

if (import.meta.main) await serve(process.argv[2] as keyof typeof wires, Number(process.argv[3]));
