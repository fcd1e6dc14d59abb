/** A real key manager on a free port of this machine, with a store in a throw-away folder. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastify from 'fastify';
import { type ClientRegistration, type ConsumerKey, registerClient } from '../../src/adapters/key-managers/built-in.ts';
import { type FetchJwks, openJwks } from '../../src/adapters/key-managers/jwks.ts';
import { createApi } from '../../src/adapters/stores/apis.ts';
import { createApplication } from '../../src/adapters/stores/applications.ts';
import { updateClient } from '../../src/adapters/stores/clients.ts';
import { addBuiltInPolicies } from '../../src/adapters/stores/policies.ts';
import type { Queryable, Store } from '../../src/adapters/stores/store.ts';
import { createSubscription } from '../../src/adapters/stores/subscriptions.ts';
import { insertUser, type UserRow } from '../../src/adapters/stores/users.ts';
import type { UserStore } from '../../src/adapters/user-stores/user-store.ts';
import type { TokenType } from '../../src/core/application.ts';
import type { IssuerOptions } from '../../src/key-manager/call.ts';
import type { ClientMetadata } from '../../src/key-manager/clients/client-metadata.ts';
import { mountKeyManager, type OpenKeyManager } from '../../src/key-manager/key-manager.ts';
import { type Clock, systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { openSeal, type Seal } from '../../src/platform/seal.ts';
import { catalogApi } from '../support/catalog-api.ts';
import { openTestStore } from '../support/store.ts';

export interface StartOptions {
  /** How others call this machine; default `127.0.0.1`, with TLS `localhost`. Browsers keep cookies by host, whatever the port. */
  readonly host?: string;
  /** An earlier server's folder: a restart. */
  readonly folder?: string;
  readonly clock?: Clock;
  readonly options?: Partial<IssuerOptions>;
  /** It listens for HTTPS, and asks for certificates as the real listener does. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** PEM. */
  readonly clientAuthorities?: readonly string[];
  /** Whether addresses that clients give may be private ones; default `allow`. */
  readonly privateAddresses?: 'allow' | 'deny';
  /** Default: those in the store. */
  readonly users?: (deps: { store: Store; clock: Clock; log: typeof silentLog }) => Promise<UserStore>;
  readonly pages?: { readonly name?: string; readonly styleFile?: string; readonly logInUrl?: string };
  /** Default `off`. */
  readonly signUp?: 'off' | 'open' | 'approval';
  /** Default: over HTTPS, from nobody. */
  readonly fetchJwks?: FetchJwks;
  /** The header that stands for a gateway's certificate. */
  readonly gatewayHeader?: string;
}

export interface AuthorizationServer extends AsyncDisposable {
  readonly url: string;
  readonly issuer: string;
  readonly folder: string;
  readonly store: Store;
  readonly seal: Seal;
  readonly km: OpenKeyManager;
  /** Posts a form. A `null` key sends no client credentials. */
  post(path: string, form: Form, client?: ConsumerKey | null, headers?: Record<string, string>): Promise<Answer>;
  /** Closes server and store, leaves the folder. */
  stop(): Promise<void>;
}

export type Form = Record<string, string> | string;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it with assertions
  readonly json: any;
}

export async function startAuthorizationServer(start: StartOptions = {}): Promise<AuthorizationServer> {
  const folder = start.folder ?? mkdtempSync(join(tmpdir(), 'postern-km-'));
  const clock = start.clock ?? systemClock;
  const store = await openTestStore(folder, clock);
  const seal = openSeal(join(folder, 'store.key'));
  // It listens before the routes are known, because the issuer contains the port.
  const tls = start.tls;
  const server = tls ? createSecureServer({ ...tls, requestCert: true, rejectUnauthorized: false }) : createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = start.host ?? (tls ? 'localhost' : '127.0.0.1');
  const url = `${tls ? 'https' : 'http'}://${host}:${(server.address() as AddressInfo).port}`;
  const app = fastify({
    serverFactory: (handler) => {
      server.on('request', handler);
      return server;
    },
  });
  const options: IssuerOptions = {
    accessTokenValidity: 3600,
    applicationTokenValidity: 3600,
    maxValidity: -1,
    refreshTokenValidity: 86_400,
    timestampSkew: 0,
    refreshReuseWindow: 10,
    // Other algorithms are quicker to make keys for.
    signingAlgorithm: 'ES256',
    otherAlgorithms: [],
    keyRotation: 0,
    keyOverlap: 86_400,
    browserOrigins: [],
    revokeOnRefresh: true,
    hashClientSecrets: false,
    codeValidity: 60,
    deviceCodeValidity: 600,
    deviceInterval: 5,
    sessionValidity: 28_800,
    idTokenValidity: 3600,
    rolesClaim: '',
    requirePkce: false,
    jwtProfile: 'WSO2',
    openRegistration: false,
    clientAuthorities: '',
    requireDpopNonce: false,
    requirePushedRequests: false,
    pushedRequestValidity: 60,
    allowPlainPkce: false,
    exchangeImpersonation: false,
    allowImplicit: false,
    strictScopes: false,
    customGrants: [],
    assertionIssuers: [],
    tokenUrls: ['https://localhost:8243/token'],
    assertionSkew: 60,
    assertionRefreshTokens: true,
    issuer: `${url}/oauth2/token`,
    publicUrl: url,
    ...start.options,
  };
  const km = await mountKeyManager(app, {
    store,
    seal,
    clock,
    log: silentLog,
    fetchJwks: start.fetchJwks ?? openJwks({ ca: '', authorities: [] }, 5000),
    clientAuthorities: start.clientAuthorities ?? [],
    privateAddresses: start.privateAddresses ?? 'allow',
    options,
    ...(start.users && { users: await start.users({ store, clock, log: silentLog }) }),
    pages: { name: '', styleFile: '', logInUrl: '', ...start.pages },
    signUp: start.signUp ?? 'off',
    isEnrolledGateway: (request) => start.gatewayHeader !== undefined && start.gatewayHeader in request.headers,
  }).catch(async (error) => {
    server.close();
    await store.close();
    throw error;
  });
  await app.ready();
  const stop = async () => {
    server.close();
    server.closeAllConnections();
    await app.close();
    await store.close();
  };
  return {
    url,
    issuer: options.issuer,
    folder,
    store,
    seal,
    km,
    stop,
    async post(path, form, client, headers = {}) {
      const response = await fetch(url + path, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          ...(client ? { authorization: basic(client.consumerKey, client.consumerSecret) } : {}),
          ...headers,
        },
        body: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
      });
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
      return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
    },
    async [Symbol.asyncDispose]() {
      await stop();
      if (!start.folder) rmSync(folder, { recursive: true });
    },
  };
}

export const basic = (name: string, password: string): string =>
  `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;

const allGrants = [
  'client_credentials',
  'password',
  'refresh_token',
  'authorization_code',
  'urn:ietf:params:oauth:grant-type:device_code',
  'urn:ietf:params:oauth:grant-type:token-exchange',
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
  'implicit',
];

/** Makes a client of no application. */
export function addClient(
  server: AuthorizationServer,
  registration: Partial<ClientRegistration> = {},
): Promise<ConsumerKey> {
  return server.store.transaction(async (tx) => {
    await addOwner(tx.db);
    return registerClient(tx, server.seal, {
      applicationId: null,
      name: `client ${Math.random()}`,
      owner: 'admin@carbon.super',
      grantTypes: allGrants,
      hashClientSecrets: false,
      now: 1,
      ...registration,
    });
  });
}

/** Gives a client metadata (RFC 7591), in place of what it has. */
export async function setMetadata(
  server: AuthorizationServer,
  { consumerKey }: ConsumerKey,
  metadata: ClientMetadata,
): Promise<void> {
  await server.store.transaction((tx) => updateClient(tx, consumerKey, { metadata: JSON.stringify(metadata) }));
}

/** The user admin, whom nobody can log in as, unless a test has made one. */
function addOwner(db: Queryable): Promise<unknown> {
  const user = {
    id: 'owner',
    tenant: 'carbon.super',
    name: 'admin',
    password_hash: '',
    state: 'ACTIVE',
    created_at: 1,
  };
  return insertUser(db, user as UserRow, []);
}

/** The API `/pizzashack/1.0.0` with scopes `read` (everybody), `update` (role editor) and an application subscribed to it. */
export async function addSubscribedApplication(
  server: AuthorizationServer,
  tokenType: TokenType = 'JWT',
): Promise<ConsumerKey> {
  return server.store.transaction(async (tx) => {
    await addBuiltInPolicies(tx);
    await addOwner(tx.db);
    await createApi(
      tx,
      catalogApi({
        id: 'api-1',
        name: 'PizzaShackAPI',
        version: '1.0.0',
        provider: 'admin@carbon.super',
        context: '/pizzashack',
        isDefaultVersion: false,
        status: 'PUBLISHED',
        resources: [],
        endpoints: {},
        cors: null,
        scopes: [
          { name: 'read', roles: [] },
          { name: 'update', roles: ['editor'] },
        ],
      }),
      { tenant: 'carbon.super', definition: '{}' },
    );
    await createApplication(tx, {
      id: 'app-1',
      tenant: 'carbon.super',
      name: 'DefaultApplication',
      owner: 'admin@carbon.super',
      tier: 'Unlimited',
      tokenType,
      createdAt: 1,
    });
    await createSubscription(
      tx,
      { id: 'sub-1', apiId: 'api-1', applicationId: 'app-1', tier: 'Gold', state: 'UNBLOCKED' },
      { createdAt: 1 },
    );
    return registerClient(tx, server.seal, {
      applicationId: 'app-1',
      name: 'DefaultApplication PRODUCTION',
      callbackUrl: 'https://client.example/cb',
      owner: 'admin@carbon.super',
      tokenType,
      grantTypes: allGrants,
      hashClientSecrets: false,
      now: 1,
    });
  });
}
