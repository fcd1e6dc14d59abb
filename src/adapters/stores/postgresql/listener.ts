/** Hears what other processes commit, the moment they do (`LISTEN`), on a connection of its own that comes back. */
import type pg from 'pg';
import { Backoff } from '../../../platform/backoff.ts';
import { connectionOptions } from './pool.ts';

/** Milliseconds between looks whether the connection still is one, and for its answer. */
const lookEvery = 5000;
const answerLimit = 2000;
const retry = { min: 100, max: 2000 };

/**
 * @param heard called with the payload of each notification
 * @param again called when listening begins: what was told before was not heard
 * @returns the function that ends it
 */
export function listen(
  url: string,
  channel: string,
  { heard, again }: { heard: (payload: string) => void; again: () => void },
): () => Promise<void> {
  const wait = new Backoff(retry.min, retry.max);
  let client: pg.Client | null = null;
  let timer: NodeJS.Timeout | undefined;
  let ended = false;

  const later = () => {
    if (ended) return;
    clearTimeout(timer);
    timer = setTimeout(() => void connect(), wait.next()).unref();
  };
  const lost = (from: pg.Client) => {
    if (client !== from) return;
    client = null;
    from.end().catch(() => {});
    later();
  };
  const look = (at: pg.Client) => {
    timer = setTimeout(() => {
      at.query('select 1').then(
        () => client === at && look(at),
        () => lost(at),
      );
    }, lookEvery).unref();
  };
  const connect = async () => {
    const { default: pg } = await import('pg');
    const next = new pg.Client({ ...connectionOptions(url, pg), query_timeout: answerLimit });
    client = next;
    next.on('error', () => lost(next));
    next.on('end', () => lost(next));
    next.on('notification', ({ payload }) => heard(payload ?? ''));
    try {
      await next.connect();
      await next.query(`listen ${channel}`);
      if (ended) return void next.end().catch(() => {});
      wait.reset();
      again();
      look(next);
    } catch {
      // The queries of others say why.
      lost(next);
    }
  };
  void connect();
  return async () => {
    ended = true;
    clearTimeout(timer);
    const last = client;
    client = null;
    await last?.end().catch(() => {});
  };
}
