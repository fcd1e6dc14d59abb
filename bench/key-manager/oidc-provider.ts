/**
 * oidc-provider, as a team would run it: its server over HTTPS, with an adapter on SQLite or PostgreSQL that keeps what it is told
 * as durably as ours. A process of its own: `oidc-provider.ts`, its setup as JSON in the environment.
 */
import { createPrivateKey } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { type PinnedProcess, startPinned } from '../gateway/pinned-process.ts';

export interface OidcProviderSetup {
  readonly port: number;
  /** PEM of certificate and key. */
  readonly tls: string;
  /** A file, or the address of a PostgreSQL database. */
  readonly database: string;
  /** PEM of the key that signs, and its algorithm. */
  readonly key: string;
  readonly algorithm: string;
  readonly client: { readonly id: string; readonly secret: string };
  /** Whether access tokens are JWTs. */
  readonly jwt: boolean;
  /** A file to be written, with so many refresh tokens, one a line. */
  readonly refreshTokens: { readonly file: string; readonly count: number };
}

const variable = 'BENCH_OIDC_PROVIDER';

export function startOidcProvider(setup: OidcProviderSetup): Promise<PinnedProcess> {
  const env = `${variable}=${JSON.stringify(setup)}`;
  return startPinned('measured', 'env', [env, process.execPath, fileURLToPath(import.meta.url)], setup.port);
}

type Payload = Record<string, unknown> & { readonly grantId?: string };

/** The part of SQL that both databases take; `?` stands for a value. */
type Run = (sql: string, ...values: readonly (string | number | null)[]) => Promise<readonly { payload: string }[]>;

function openDatabase(database: string): Run {
  if (!database.startsWith('postgresql:')) {
    const sqlite = new DatabaseSync(database, { timeout: 5000 });
    sqlite.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    const prepared = new Map<string, ReturnType<DatabaseSync['prepare']>>();
    return async (sql, ...values) => {
      const statement = prepared.get(sql) ?? sqlite.prepare(sql);
      prepared.set(sql, statement);
      return statement.all(...values) as never;
    };
  }
  const pool = new pg.Pool({ connectionString: database, max: 10 });
  return async (sql, ...values) => {
    let at = 0;
    const text = sql.replaceAll('?', () => `$${++at}`);
    return (await pool.query({ name: text.slice(0, 60), text, values: [...values] })).rows;
  };
}

function adapterOn(run: Run) {
  return class Adapter {
    readonly #kind: string;
    constructor(kind: string) {
      this.#kind = kind;
    }
    async upsert(id: string, payload: Payload, expiresIn: number): Promise<void> {
      const expires = expiresIn ? Math.floor(Date.now() / 1000) + expiresIn : null;
      await run(
        'insert into artifacts (kind, id, payload, grant_id, expires_at) values (?, ?, ?, ?, ?) ' +
          'on conflict (kind, id) do update set payload = excluded.payload, expires_at = excluded.expires_at',
        this.#kind,
        id,
        JSON.stringify(payload),
        payload.grantId ?? null,
        expires,
      );
    }
    async find(id: string): Promise<Payload | undefined> {
      const now = Math.floor(Date.now() / 1000);
      const sql = 'select payload from artifacts where kind = ? and id = ? and (expires_at is null or expires_at > ?)';
      const [row] = await run(sql, this.#kind, id, now);
      return row && JSON.parse(row.payload);
    }
    async consume(id: string): Promise<void> {
      const payload = await this.find(id);
      if (payload) await this.upsert(id, { ...payload, consumed: Math.floor(Date.now() / 1000) }, 86_400);
    }
    async destroy(id: string): Promise<void> {
      await run('delete from artifacts where kind = ? and id = ?', this.#kind, id);
    }
    async revokeByGrantId(grantId: string): Promise<void> {
      await run('delete from artifacts where grant_id = ?', grantId);
    }
    findByUid = async () => undefined;
    findByUserCode = async () => undefined;
  };
}

// biome-ignore lint/suspicious/noExplicitAny: the package has no types
type Untyped = any;

async function serve(setup: OidcProviderSetup): Promise<void> {
  const run = openDatabase(setup.database);
  await run(
    'create table if not exists artifacts (kind text, id text, payload text, grant_id text, expires_at bigint, primary key (kind, id))',
  );
  await run('create index if not exists artifacts_grant on artifacts (grant_id)');
  const name: string = 'oidc-provider';
  const { default: Provider } = (await import(name)) as { default: Untyped };
  const resource = 'https://api.example/';
  const jwk = createPrivateKey(setup.key).export({ format: 'jwk' });
  const provider = new Provider(`https://localhost:${setup.port}`, {
    adapter: adapterOn(run),
    jwks: { keys: [{ ...jwk, alg: setup.algorithm, use: 'sig', kid: 'bench' }] },
    clients: [
      {
        client_id: setup.client.id,
        client_secret: setup.client.secret,
        grant_types: ['client_credentials', 'refresh_token', 'authorization_code'],
        redirect_uris: ['https://client.example/cb'],
        id_token_signed_response_alg: setup.algorithm,
      },
    ],
    scopes: ['openid', 'offline_access', 'menu_read'],
    features: {
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      devInteractions: { enabled: false },
      ...(setup.jwt && {
        resourceIndicators: {
          enabled: true,
          defaultResource: () => resource,
          useGrantedResource: () => true,
          getResourceServerInfo: () => ({
            scope: 'menu_read',
            accessTokenFormat: 'jwt',
            accessTokenTTL: 3600,
            jwt: { sign: { alg: setup.algorithm } },
          }),
        },
      }),
    },
    ttl: { ClientCredentials: 3600, AccessToken: 3600, RefreshToken: 86_400, Grant: 86_400 },
    // As ours: each is good once.
    rotateRefreshToken: true,
    findAccount: (_context: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
  });
  await writeRefreshTokens(provider, setup);
  const tls = readFileSync(setup.tls);
  createServer({ key: tls, cert: tls }, provider.callback()).listen(setup.port, '127.0.0.1');
}

async function writeRefreshTokens(provider: Untyped, { client, refreshTokens }: OidcProviderSetup): Promise<void> {
  const of = { accountId: 'admin', client: await provider.Client.find(client.id) };
  const values: string[] = [];
  for (let at = 0; at < refreshTokens.count; at++) {
    const grant = new provider.Grant({ accountId: of.accountId, clientId: client.id });
    grant.addOIDCScope('offline_access menu_read');
    const token = new provider.RefreshToken({
      ...of,
      grantId: await grant.save(),
      gty: 'authorization_code',
      scope: 'offline_access menu_read',
    });
    values.push(await token.save());
  }
  writeFileSync(refreshTokens.file, values.map((value) => `${value}\n`).join(''));
}

if (import.meta.main) await serve(JSON.parse(process.env[variable] as string));
