/** The key manager: OAuth endpoints on a fastify server that somebody else listens with. */
import { X509Certificate } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { grantTypes } from '../adapters/key-managers/built-in.ts';
import type { FetchJwks } from '../adapters/key-managers/jwks.ts';
import type { PrivateAddresses } from '../adapters/outbound/fetch-outside.ts';
import { keepDocuments } from '../adapters/outbound/kept-documents.ts';
import { openKeySets } from '../adapters/outbound/key-sets.ts';
import { joinTransactions } from '../adapters/stores/join-transactions.ts';
import { onlyTokens, type Store } from '../adapters/stores/store.ts';
import { databaseUserStore } from '../adapters/user-stores/database.ts';
import type { SignUpRule } from '../adapters/user-stores/sign-up.ts';
import { type UserStore, UserStoreBusyError } from '../adapters/user-stores/user-store.ts';
import type { IdentityProvider } from '../core/identity-provider.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { RestError } from '../platform/rest-error.ts';
import type { Seal } from '../platform/seal.ts';
import { openIssuerKeys } from './assertions/issuer-keys.ts';
import { queryOf } from './authorization/read-request.ts';
import { Call, type IssuerOptions, type KeyManager } from './call.ts';
import { KnownClients } from './clients/known-clients.ts';
import { allowOrigin, sendPreflight } from './cross-origin.ts';
import { type Endpoint, endpoints } from './endpoints/index.ts';
import { upstreams } from './federation/index.ts';
import { openIdMetadata } from './federation/oidc/read-metadata.ts';
import { openTurns } from './federation/turns.ts';
import { Form, parseForm } from './form.ts';
import { allGrants } from './grants/custom/load-custom-grants.ts';
import { tellOfLogOuts } from './log-out/tell-clients.ts';
import { OAuthError, sendError } from './oauth-error.ts';
import type { KeyManagerOptions } from './options.ts';
import { type Look, readLook } from './pages/look.ts';
import { Remembered } from './remembered.ts';
import type { KeyOrders } from './signing-keys/orders.ts';
import { openSigningKeys } from './signing-keys/signing-keys.ts';
import { sweep } from './sweep.ts';
import { type ApiKeyRequest, readApiKey, type SignedApiKey, signApiKey } from './tokens/api-key.ts';
import { type ApplicationToken, type ApplicationTokenRequest, applicationToken } from './tokens/application-token.ts';
import { insertTogether } from './tokens/insert-together.ts';
import { type Introspection, introspect } from './tokens/introspection.ts';
import { openRevoker, type Revoker } from './tokens/revoker.ts';
import { introspectShown } from './tokens/shown-token.ts';

export interface KeyManagerDeps {
  readonly store: Store;
  readonly seal: Seal;
  readonly clock: Clock;
  readonly log: Log;
  readonly options: IssuerOptions;
  /** Whether a request comes from a gateway, which may introspect every token. */
  isEnrolledGateway(request: FastifyRequest): boolean;
  /** Whether addresses that clients give may be private ones. */
  readonly privateAddresses: PrivateAddresses;
  readonly pages: KeyManagerOptions['pages'];
  /** Who may make an account on a page. */
  readonly signUp: SignUpRule;
  /** Fetches the keys of issuers whose assertions are taken. */
  readonly fetchJwks: FetchJwks;
  /** PEM certificates of those who issue the certificates of clients (`tls_client_auth`). Default: none. */
  readonly clientAuthorities?: readonly string[];
  /** Default: the users in the store. */
  readonly users?: UserStore;
}

/** A key manager at work on its store: what other parts of the process may use of it. */
export interface OpenKeyManager {
  readonly users: UserStore;
  readonly revoker: Revoker;
  /** Every grant type that a client may be registered for. */
  readonly grantTypes: readonly string[];
  /** What is true of an access token now; null when it is not active. */
  introspect(token: string): Promise<Introspection | null>;
  /** As `introspect`, of a token that the request shows. @throws RestError 401 when it does not prove the keys of the token */
  introspectShown(token: string, request: FastifyRequest): Promise<Introspection | null>;
  /** An access token of an application itself. @throws RestError 400 when it gets none */
  applicationToken(request: ApplicationTokenRequest): Promise<ApplicationToken>;
  /** Signs an API key; null when there is no such application. It is good from when its row is written. */
  signApiKey(request: ApiKeyRequest): Promise<SignedApiKey | null>;
  /** The `jti` of an API key that this key manager signed, dead or alive; null when it is none. */
  readApiKey(text: string): Promise<string | null>;
  readonly signingKeys: KeyOrders;
  /** Why nobody could log in with it now, as far as it can be seen by asking it; null = no reason is known. */
  problemOfProvider(provider: IdentityProvider): Promise<string | null>;
  /** Seconds that a token of an application may be valid at most; below 0 = no maximum. */
  readonly maxValidity: number;
  /** Seconds that `expires_in` says less than a token is valid. */
  readonly timestampSkew: number;
  /** Registers the endpoints, and removes expired rows as long as the server runs. */
  mount(app: FastifyInstance): Promise<void>;
  /** Ends the looking after keys. */
  close(): void;
}

/** Bytes of a request body at most. */
const bodyLimit = 65_536;

/**
 * Makes or opens the signing keys, and announces the issuer.
 * @throws Error when options contradict each other, SealError when the store key is not that of the store.
 */
export async function openKeyManager(deps: KeyManagerDeps): Promise<OpenKeyManager> {
  const { store, seal, clock, log, options } = deps;
  checkOptions(options);
  const look = readLook(deps.pages);
  if (options.allowImplicit) {
    log.warn(
      'tokens.allowImplicit: tokens are given in addresses of browsers, where others can see them; use codes with PKCE',
    );
  }
  const keys = await openSigningKeys(deps);
  const km: KeyManager = {
    store,
    seal,
    clock,
    log,
    options,
    users: deps.users ?? databaseUserStore(store, clock),
    keys,
    grants: await allGrants(options.customGrants),
    issuerKeys: openIssuerKeys(deps.fetchJwks, clock),
    clientAuthorities: (deps.clientAuthorities ?? []).map((pem) => new X509Certificate(pem)),
    keySets: openKeySets(clock, deps.privateAddresses),
    openIdProviders: keepDocuments(openIdMetadata, clock, deps.privateAddresses),
    turns: openTurns(clock),
    revoker: openRevoker({ store, keys, clock, issuer: options.issuer }),
    write: joinTransactions(store, 0, onlyTokens),
    insertToken: insertTogether(store),
    clients: new KnownClients(store),
    bounds: new Remembered(),
    handedOut: new Remembered((row) => row !== null),
    tokenRows: new Remembered((row) => row !== null),
    signUp: deps.signUp,
    logInUrl: deps.pages.logInUrl,
    privateAddresses: deps.privateAddresses,
    isEnrolledGateway: (request) => deps.isEnrolledGateway(request),
  };
  return {
    users: km.users,
    revoker: km.revoker,
    grantTypes: [...new Set([...grantTypes, ...km.grants.keys()])],
    introspect: (token) => introspect(km, token),
    introspectShown: (token, request) => introspectShown(km, token, request),
    applicationToken: (request) => applicationToken(km, request),
    signApiKey: (request) => signApiKey(km, request),
    readApiKey: (text) => readApiKey(km, text),
    signingKeys: keys.orders,
    problemOfProvider: (provider) => upstreams[provider.protocol].problem(km, provider),
    maxValidity: options.maxValidity,
    timestampSkew: options.timestampSkew,
    close: keys.close,
    mount: (app) => mountEndpoints(app, km, look),
  };
}

/** `openKeyManager` and its endpoints. */
export async function mountKeyManager(app: FastifyInstance, deps: KeyManagerDeps): Promise<OpenKeyManager> {
  const km = await openKeyManager(deps);
  await km.mount(app);
  app.addHook('onClose', async () => km.close());
  return km;
}

async function mountEndpoints(app: FastifyInstance, km: KeyManager, look: Look): Promise<void> {
  // In a scope of its own: parsers, headers and the form of errors are those of these endpoints only.
  await app.register(async (scope) => {
    scope.decorateReply('look', { getter: () => look });
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, (_request, body, done) => done(null, body));
    scope.setErrorHandler((error, _request, reply) => sendError(reply, toOAuthError(error, km.log)));
    scope.addHook('onRequest', async (_request, reply) => {
      reply.headers({ 'cache-control': 'no-store', pragma: 'no-cache' });
    });
    for (const endpoint of endpoints) mount(scope, endpoint, km);
  });
  const ended = sweep(km.store, km.clock, km.log);
  const told = tellOfLogOuts(km);
  app.addHook('onClose', async () => {
    ended();
    await told();
  });
}

function mount(scope: FastifyInstance, endpoint: Endpoint, km: KeyManager): void {
  scope.route({
    method: [...endpoint.methods],
    url: endpoint.path,
    async handler(request, reply) {
      if (endpoint.crossOrigin) allowOrigin(km.options.browserOrigins, request, reply);
      const call = new Call(request, reply, new Form());
      try {
        call.form = readParameters(endpoint, request);
        for (const step of endpoint.steps) {
          // Most have nothing to wait for, and a turn of the queue for each would cost more than they do.
          const pending = step(call, km);
          if (pending) await pending;
          // A page, on which the user has to do something first.
          if (reply.sent) break;
        }
      } catch (error) {
        if (!endpoint.refuse) throw error;
        endpoint.refuse(call, toOAuthError(error, km.log), km);
      }
      return reply;
    },
  });
  const served: readonly string[] = endpoint.methods.includes('GET') ? ['HEAD', ...endpoint.methods] : endpoint.methods;
  const allow = served.toSorted().join(', ');
  scope.route({
    method: scope.supportedMethods.filter((method) => !served.includes(method)),
    url: endpoint.path,
    handler(request, reply) {
      const isAllowed = endpoint.crossOrigin && allowOrigin(km.options.browserOrigins, request, reply);
      if (isAllowed && request.method === 'OPTIONS') return sendPreflight(reply, endpoint.methods);
      throw new OAuthError('invalid_request', `no method ${request.method} here, only ${allow}`, 405, { allow });
    },
  });
}

function readParameters({ body }: Endpoint, request: FastifyRequest): Form {
  if (body === 'query' && request.method === 'GET') return parseForm(Buffer.from(queryOf({ request })));
  return body === 'form' || body === 'query' ? readForm(request) : new Form();
}

const formType = 'application/x-www-form-urlencoded';

function readForm({ body, headers }: FastifyRequest): Form {
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== formType) {
    throw new OAuthError('invalid_request', `expected a body of content type ${formType}`);
  }
  return parseForm((body as Buffer | undefined) ?? Buffer.alloc(0));
}

function toOAuthError(error: unknown, log: Log): OAuthError {
  if (error instanceof OAuthError) return error;
  if (error instanceof RestError) {
    const code = error.status === 503 ? 'temporarily_unavailable' : 'invalid_request';
    if (error.cause && !error.isLogged) log.error({ err: error.cause }, 'a request to the key manager failed');
    return new OAuthError(code, error.message, error.status, error.headers);
  }
  if (error instanceof UserStoreBusyError) {
    return new OAuthError('temporarily_unavailable', error.message, 503, { 'retry-after': '1' });
  }
  const { statusCode = 500, message, code } = error as Error & { statusCode?: number; code?: string };
  // RFC 6749 answers a malformed request with 400, also where HTTP has a status of its own.
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return new OAuthError('invalid_request', 'malformed Content-Type');
  if (statusCode >= 400 && statusCode < 500) return new OAuthError('invalid_request', message, statusCode);
  log.error({ err: error }, 'a request to the key manager failed');
  return new OAuthError('server_error', 'the key manager could not complete the request', 500);
}

function checkOptions({ timestampSkew, accessTokenValidity, applicationTokenValidity }: IssuerOptions): void {
  for (const [name, validity] of Object.entries({ accessTokenValidity, applicationTokenValidity })) {
    if (validity >= 0 && timestampSkew >= validity) {
      throw new Error(
        `tokens.timestampSkew: expected less than tokens.${name} (${validity} s), got ${timestampSkew} s; no token would be left`,
      );
    }
  }
}
