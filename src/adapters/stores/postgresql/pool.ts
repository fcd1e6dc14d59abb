/** Connections to PostgreSQL that don't wait for ever: a server that is cut off is given up, and asked anew. */
import type pg from 'pg';
import { RestError } from '../../../platform/rest-error.ts';
import { StoreUnavailable } from '../unavailable.ts';

/** Milliseconds. */
const connectLimit = 5000;
/** Milliseconds that a statement may take, waiting for its turn included. */
const statementLimit = 20_000;
/** Milliseconds after which the server ends a transaction whose process has fallen silent: others wait for its turn. */
const silenceLimit = 5000;
/** `int8`: our numbers and times are far below 2^53. */
const int8 = 20;

/** @param url `postgresql://user:password@host:port/database`, with `sslmode` and other parameters of libpq */
export function connectionOptions(url: string, { types }: typeof pg): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: 'postern',
    connectionTimeoutMillis: connectLimit,
    query_timeout: statementLimit + 1000,
    statement_timeout: statementLimit,
    idle_in_transaction_session_timeout: silenceLimit,
    keepAlive: true,
    keepAliveInitialDelayMillis: 1000,
    types: {
      getTypeParser: ((type: number, format?: 'text' | 'binary') =>
        type === int8 && format !== 'binary'
          ? Number
          : types.getTypeParser(type, format)) as typeof types.getTypeParser,
    },
  };
}

/** What is told whether the database answers. */
export interface PoolListener {
  failed(error: Error): void;
  answered(): void;
}

export async function openPool(url: string, listener?: PoolListener): Promise<pg.Pool> {
  const { default: pg } = await import('pg');
  const pool = new pg.Pool({ ...connectionOptions(url, pg), max: 10, idleTimeoutMillis: 30_000 });
  const unavailable = (error: Error): StoreUnavailable => {
    listener?.failed(error);
    return new StoreUnavailable(error);
  };
  // Of connections that break while nobody uses them; the next one who needs one finds out.
  pool.on('error', () => {});
  pool.on('connect', (client) => {
    // The pool looks after those that are idle; of one in use, the query fails.
    client.on('error', () => {});
    watch(client, unavailable, () => listener?.answered());
  });
  const connect = pool.connect.bind(pool);
  // kysely calls it without a callback.
  pool.connect = (() =>
    connect().catch((error: Error) => {
      throw unavailable(error);
    })) as typeof pool.connect;
  return pool;
}

/** `invalid byte sequence`: of what JavaScript sends that is U+0000, which text in PostgreSQL can't have. */
const unstorable = '22021';

/**
 * Whether it is not the query's fault: the server shuts down, starts or recovers (57P), has no room for connections (53),
 * the connection broke (08, or no code of PostgreSQL at all), or this is no primary any more (25006).
 */
function isUnavailable({ code = '', message }: Error & { code?: string }): boolean {
  if (/^[0-9A-Z]{5}$/.test(code)) return /^(?:57P|53|08)/.test(code) || code === '25006' || code === '25P03';
  return code !== '' || /timeout|terminated|not queryable|closed/i.test(message);
}

function watch(client: pg.ClientBase, unavailable: (error: Error) => StoreUnavailable, answered: () => void): void {
  const { query } = client;
  const watched = (...args: unknown[]): unknown => {
    const result = Reflect.apply(query, client, args) as unknown;
    if (!(result instanceof Promise)) return result;
    const failed = (error: Error & { code?: string }): never => {
      // What timed out once has an answer on its way that nobody waits for: the connection is of no more use.
      if (/timeout/i.test(error.message)) destroy(client);
      if (isUnavailable(error)) throw unavailable(error);
      if (error.code !== unstorable) throw error;
      throw new RestError(400, 'A text has the character U+0000; texts with it are not kept, and not found.');
    };
    return result.then((value: unknown) => {
      answered();
      return value;
    }, failed);
  };
  client.query = watched as typeof client.query;
}

function destroy(client: pg.ClientBase): void {
  (client as pg.ClientBase & { connection?: { stream?: { destroy(): void } } }).connection?.stream?.destroy();
}
