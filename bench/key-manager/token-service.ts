/** A key manager of ours to be measured: its store filled, and the process bound to the processor that is measured. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openPostgresqlStore } from '../../src/adapters/stores/postgresql.ts';
import { openSqliteStore } from '../../src/adapters/stores/sqlite.ts';
import type { Store } from '../../src/adapters/stores/store.ts';
import { createRefreshToken, refreshTokenOf } from '../../src/key-manager/tokens/refresh-tokens.ts';
import { openSeal } from '../../src/platform/seal.ts';
import { fillInto } from '../../test/support/fill-store.ts';
import { newDataFolder, startPostern } from '../../test/support/postern.ts';
import { pin } from '../gateway/pinned-process.ts';

export interface TokenServiceSetup {
  readonly algorithm: string;
  /** Address of a PostgreSQL database; null = SQLite. */
  readonly database: string | null;
  /** How many of them the application with opaque tokens has. Default 0. */
  readonly refreshTokens?: number;
}

export interface ClientKey {
  readonly key: string;
  readonly secret: string;
}

export interface TokenService {
  readonly pid: number;
  /** Origin. */
  readonly url: string;
  /** PEM file of its certificate and key. */
  readonly tls: string;
  /** Applications with access tokens of the one form and of the other. */
  readonly jwt: ClientKey;
  readonly opaque: ClientKey;
  /** A file with a refresh token a line, each of a log-in of its own. */
  readonly refreshTokens: string;
  stop(): Promise<void>;
}

/** @throws Error when the store can't be filled or the key manager does not start */
export async function startTokenService({
  algorithm,
  database,
  refreshTokens = 0,
}: TokenServiceSetup): Promise<TokenService> {
  const data = newDataFolder();
  const store = await (database === null ? openSqliteStore(join(data, 'postern.db')) : openPostgresqlStore(database));
  const keys = await fillInto(store, data, async (fill) => {
    await fill.user('admin', ['admin']);
    const scopes = [{ name: 'menu_read', roles: [] }];
    const subscribe = [await fill.api('menu', { scopes })];
    return {
      jwt: await fill.application('jwt', { subscribe }),
      opaque: await fill.application('opaque', { subscribe, tokenType: 'OPAQUE' }),
    };
  });
  const tokens = await fillRefreshTokens(store, data, keys.opaque.key, refreshTokens);
  await store.close();
  const args = [`--tokens.signingAlgorithm=${algorithm}`, ...(database === null ? [] : [`--store.url=${database}`])];
  const manager = await startPostern({ role: 'key-manager', data, args });
  pin(manager.pid, 'measured');
  return {
    pid: manager.pid,
    url: manager.server,
    tls: join(data, 'certificates', 'server.pem'),
    ...keys,
    refreshTokens: tokens,
    async stop() {
      await manager.stop();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

async function fillRefreshTokens(store: Store, data: string, consumerKey: string, count: number): Promise<string> {
  const km = { seal: openSeal(join(data, 'keys', 'store.key')), options: { refreshTokenValidity: 86_400 } };
  const client = { consumer_key: consumerKey, tenant: 'carbon.super', refresh_validity: null, metadata: '{}' };
  const issuedAt = Math.floor(Date.now() / 1000);
  const token = {
    ...{ client, confirmation: {}, subject: 'admin@carbon.super', scope: 'menu_read' },
    ...{ issuedAt, grantType: 'password' },
  };
  const values = await store.transaction(async (tx) => {
    const values: string[] = [];
    for (let at = 0; at < count; at++) values.push(refreshTokenOf(km.seal, await createRefreshToken(tx, km, token)));
    return values;
  });
  const file = join(data, 'refresh-tokens.txt');
  writeFileSync(file, values.map((value) => `${value}\n`).join(''));
  return file;
}
