/** A key manager of ours to be measured: its store filled, and the process bound to the processor that is measured. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { openPostgresqlStore } from '../../src/adapters/stores/postgresql.ts';
import { openSqliteStore } from '../../src/adapters/stores/sqlite.ts';
import { fillInto } from '../../test/support/fill-store.ts';
import { newDataFolder, startPostern } from '../../test/support/postern.ts';
import { pin } from '../gateway/pinned-process.ts';

export interface TokenServiceSetup {
  readonly algorithm: string;
  /** Address of a PostgreSQL database; null = SQLite. */
  readonly database: string | null;
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
  stop(): Promise<void>;
}

export async function startTokenService({ algorithm, database }: TokenServiceSetup): Promise<TokenService> {
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
  await store.close();
  const args = [`--tokens.signingAlgorithm=${algorithm}`, ...(database === null ? [] : [`--store.url=${database}`])];
  const manager = await startPostern({ role: 'key-manager', data, args });
  pin(manager.pid, 'measured');
  return {
    pid: manager.pid,
    url: manager.server,
    tls: join(data, 'certificates', 'server.pem'),
    ...keys,
    async stop() {
      await manager.stop();
      rmSync(data, { recursive: true, force: true });
    },
  };
}
