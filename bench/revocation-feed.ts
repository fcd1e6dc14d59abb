/**
 * A hub on a store, and revocations recorded there at a steady rate, in a thread of its own: SQLite's writes wait for
 * the disk, and who measures beside them must not.
 */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { type Revocation, revocationId } from '../src/core/revocation.ts';
import { startHub } from '../test/support/hub.ts';

/** Of one transaction. */
const atOnce = 20;
const expires = Math.floor(Date.now() / 1000) + 86_400;

export const revocation = (at: number): Revocation => ({
  type: 'token',
  issuer: 'https://revoked.example',
  value: `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`,
  expires,
});

export interface RevocationFeed {
  /** Address of its hub. */
  readonly url: string;
  start(aSecond: number): void;
  /** Resolves with how many there were a second. */
  pause(): Promise<number>;
  stop(): Promise<unknown>;
}

/** @param data folder of the store */
export async function openRevocationFeed(data: string): Promise<RevocationFeed> {
  const worker = new Worker(new URL(import.meta.url), { workerData: data });
  const said = async (): Promise<string> => {
    const [message] = await once(worker, 'message');
    return message;
  };
  return {
    url: await said(),
    start: (aSecond) => worker.postMessage(aSecond),
    pause() {
      const rate = said();
      worker.postMessage(0);
      return rate.then(Number);
    },
    stop: () => worker.terminate(),
  };
}

async function serve(data: string): Promise<void> {
  const hub = await startHub({ dir: data });
  let next = 0;
  let pause = async (): Promise<number> => 0;
  parentPort?.on('message', (aSecond: number) => {
    if (aSecond > 0) pause = record(aSecond);
    else void pause().then((rate) => parentPort?.postMessage(String(rate)));
  });
  parentPort?.postMessage(hub.url);

  /** Its function ends it. */
  function record(aSecond: number): () => Promise<number> {
    const from = performance.now();
    let running = true;
    let sent = 0;
    const done = (async () => {
      while (running) {
        const values = Array.from({ length: atOnce }, () => revocation(next++));
        await hub.commit(...values.map((value) => ({ kind: 'revocation' as const, id: revocationId(value), value })));
        sent += atOnce;
        const ahead = (sent / aSecond) * 1000 - (performance.now() - from);
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, ahead)));
      }
    })();
    return async () => {
      running = false;
      await done;
      return Math.round(sent / ((performance.now() - from) / 1000));
    };
  }
}

if (!isMainThread && parentPort) await serve(workerData as string);
