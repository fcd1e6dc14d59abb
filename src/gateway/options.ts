/** The options of a gateway: section [gateway], and how it reaches the control plane and the key manager. */

import { boolean, type Config, choice, integer, list, port, section, text } from '../platform/config/schema.ts';
import { forwardedOptions } from './forwarding/options.ts';
import { addressList } from './security/address-list.ts';
import { tunnelOptions } from './tunnels/options.ts';

/** That of the original. */
export const usualCertificateHeader = 'X-WSO2-CLIENT-CERTIFICATE';

const capacity = (description: string) => integer({ default: 10_000, minimum: 0, description });
const ttl = (seconds: number, description: string) => integer({ default: seconds, minimum: 0, description });
/** Up to a day: far beyond it, timers overflow. */
const milliseconds = (ms: number, description: string) =>
  integer({ default: ms, minimum: 0, maximum: 86_400_000, description });

const gateway = section('The gateway: its listeners, threads and limits.', {
  host: text({
    default: '127.0.0.1',
    description: 'Address to listen on. `0.0.0.0` is every IPv4 address, `::` every address.',
  }),
  httpPort: port({ default: 8280, description: 'Port for HTTP. 0 takes a free one.' }),
  httpsPort: port({ default: 8243, description: 'Port for HTTPS. 0 takes a free one.' }),
  adminPort: port({
    default: 9444,
    description: 'Port of `/metrics`, `/status`, `/health` and `/ready`, always on 127.0.0.1. 0 takes a free one.',
  }),
  threads: integer({
    default: 0,
    minimum: 0,
    maximum: 256,
    description: 'Threads that carry traffic. 0 is one per processor.',
  }),
  wire: choice(['net', 'node'], {
    default: 'net',
    description:
      'What carries requests: `net` is HTTP/1.1 of our own on TCP and TLS, and HTTP/2, `node` is Node’s HTTP server with undici, without HTTP/2 and WebSockets.',
  }),
  http2: boolean({
    default: true,
    description:
      'Whether clients may speak HTTP/2: over TLS if they offer it (ALPN), without TLS from the first byte (prior knowledge). With `wire` = `node` nobody may.',
  }),
  maxHeadSize: integer({
    default: 16_384,
    minimum: 1024,
    maximum: 1_048_576,
    description: 'Size of a request head at most, in bytes. A larger one is refused with 431.',
  }),
  maxTargetLength: integer({
    default: 8192,
    minimum: 256,
    maximum: 1_048_576,
    description: 'Length of a request target (path and query) at most, in bytes. A longer one is refused with 414.',
  }),
  maxBodySize: integer({
    default: 0,
    minimum: 0,
    description: 'Size of a request body at most, in bytes. A larger one is refused with 413. 0 is no limit.',
  }),
  maxRequestsPerConnection: integer({
    default: 0,
    minimum: 0,
    description: 'Requests that a client connection carries before it is closed. 0 is no limit.',
  }),
  maxConnectionsPerAddress: integer({
    default: 0,
    minimum: 0,
    description:
      'Connections that one address may have at the same time, for each thread. More get 503 and are closed; over TLS they are only closed. 0 is no limit, which is right behind a load balancer.',
  }),
  headTimeout: milliseconds(10_000, 'Milliseconds within which a request head must arrive, or it is refused with 408.'),
  bodyTimeout: milliseconds(
    30_000,
    'Milliseconds for which a client may stall in sending its body or in reading its answer. It is cut then.',
  ),
  keepAliveTimeout: milliseconds(60_000, 'Milliseconds after which an idle client connection is closed.'),
  drainTimeout: milliseconds(
    10_000,
    'Milliseconds that requests in flight are given when the gateway is stopped. What is left then is cut.',
  ),
  startupWait: milliseconds(
    5000,
    'Milliseconds that a gateway with a disk copy waits for a source of newer data before it serves from the copy.',
  ),
  whenStale: choice(['open', 'closed'], {
    default: 'open',
    description:
      'What APIs do that don’t say it themselves (`x-postern-when-stale`) when no source has told for longer than `maxStaleness` what was decided: go on with what is known (`open`), or answer 503/900953 (`closed`). `--strict` makes it `closed`.',
  }),
  maxStaleness: milliseconds(
    60_000,
    'Milliseconds without word from a source after which an API that is `closed` answers 503/900953.',
  ),
  clockSkew: milliseconds(
    5000,
    'Milliseconds that `nbf` and `iat` of a token may lie ahead of the clock of this machine. `exp` is never stretched.',
  ),
  accessLog: text({
    default: '',
    description:
      'File of the access log, or a pipe that somebody reads (`/dev/stdout`). Empty is `logs/access.log` in the data folder, `off` is none. No request waits for it: lines that can not be written in time are lost, and the log says so.',
  }),
  tls: section(
    'The certificate of the HTTPS listener, if it is not to be the one that is made in the data folder.',
    {
      certificate: text({
        default: '',
        description:
          'PEM file of it, followed by those that lead to its authority; relative to the current folder. It is read again when it or the key changes: new handshakes have the new one, connections go on.',
      }),
      key: text({ default: '', description: 'PEM file of its private key, without a password. May be the same file.' }),
    },
    ({ certificate, key }) =>
      (certificate === '') === (key === '') ? undefined : 'certificate, key: expected both of them, or neither',
  ),
  clientCertificate: section(
    'Client certificates (mutual TLS), also where TLS ends at a proxy before the gateway, which passes them on.',
    {
      ask: choice(['auto', 'always'], {
        default: 'auto',
        description:
          'Whether the HTTPS listener asks clients for a certificate always, or while an API accepts any (`auto`). Tokens that are bound to a certificate (RFC 8705) need `always`. Nobody has to have one; browsers that have some let their users choose.',
      }),
      header: text({
        default: usualCertificateHeader,
        description:
          'Header field that has the certificate: PEM (also percent-encoded, or its line ends blanks), or base64 of PEM or DER. No back end ever gets it.',
      }),
      trustedProxies: list({
        default: [],
        description:
          'Addresses (`10.0.0.7`) and blocks (`10.0.0.0/8`) of proxies whose field is believed. They have to remove what clients send in it. From elsewhere it counts for nothing.',
      }),
    },
    ({ header, trustedProxies }) => {
      const problems = trustedProxies
        .filter((item) => !addressList([item]))
        .map(
          (item) => `trustedProxies: expected IP addresses and blocks such as 10.0.0.0/8, got ${JSON.stringify(item)}`,
        );
      if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(header))
        problems.unshift(`header: expected the name of a header field, got ${JSON.stringify(header)}`);
      return problems;
    },
  ),
  dpop: section('Proofs that come with tokens that are bound to a key (DPoP, RFC 9449).', {
    hosts: list({
      default: [],
      description:
        'Hosts by which clients know the gateway, with the port if it is not the usual one (`api.example.com`, `localhost:8243`): a proof has to be for an address at one of them. Empty is whatever the request itself says in Host. Name them if clients send the same tokens to servers of others, too, who could send them on.',
    }),
    capacity: integer({
      default: 262_144,
      minimum: 1024,
      maximum: 100_000_000,
      description:
        'Proofs of the last one and a half minutes that there is room for, in memory that all threads share: each works once. Beyond them requests with proofs get 503/900954.',
    }),
  }),
  backend: section(
    'Connections to back ends.',
    {
      connectTimeout: milliseconds(5000, 'Milliseconds to establish a connection, its TLS included.'),
      timeout: milliseconds(
        60_000,
        'Milliseconds from the end of a request until the head of its answer must be there.',
      ),
      maxConnections: integer({
        default: 1024,
        minimum: 0,
        description: 'Connections to one back end at most, for each thread; requests beyond wait. 0 is no limit.',
      }),
      idleTimeout: milliseconds(30_000, 'Milliseconds after which an unused connection is closed.'),
      offerHttp2: boolean({
        default: false,
        description:
          'Whether back ends with https may choose HTTP/2 (ALPN). A connection then carries as many requests at a time as the back end allows. With `wire` = `node` they may not.',
      }),
      http2Origins: list({
        default: [],
        description:
          'Back ends (`http://host:port`) to which HTTP/2 is spoken from the first byte, without asking: those without TLS can’t be asked. Needs `wire` = `net`.',
      }),
    },
    ({ http2Origins }) =>
      http2Origins
        .filter((origin) => !/^https?:/.test(origin) || URL.parse(origin)?.origin !== origin)
        .map((origin) => `http2Origins: expected http://host:port and no more, got ${JSON.stringify(origin)}`),
  ),
  forwarded: forwardedOptions,
  tunnel: tunnelOptions,
  revocation: section('The set of revoked tokens, in memory that all threads share.', {
    capacity: integer({
      default: 1_000_000,
      minimum: 1000,
      maximum: 100_000_000,
      description: 'Entries that the set has room for. Memory is reserved for all, and used by those that exist.',
    }),
  }),
  subscriptions: section('Consumer keys and subscriptions, in memory that all threads share.', {
    capacity: integer({
      default: 1_000_000,
      minimum: 1000,
      maximum: 30_000_000,
      description: 'Consumer keys, and subscriptions, that there is room for.',
    }),
  }),
  rateCounters: section('The counters of rate limits, in memory that all threads share.', {
    capacity: integer({
      default: 262_144,
      minimum: 1024,
      maximum: 100_000_000,
      description: 'Counters (one per limit and key) that there is room for.',
    }),
  }),
  metrics: section('What `/metrics` of the admin port has.', {
    apis: integer({
      default: 1000,
      minimum: 1,
      maximum: 100_000,
      description:
        'APIs that each data-plane thread counts by themselves, about 25 series each. Those that are called after so many others are counted together, as `(others)`.',
    }),
  }),
  jwks: section('The keys of issuers that publish them at an address (`jwksUrl`).', {
    refresh: integer({
      default: 3600,
      minimum: 1,
      maximum: 86_400,
      description: 'Seconds after which they are fetched again.',
    }),
    cooldown: integer({
      default: 6,
      minimum: 0,
      maximum: 86_400,
      description:
        'Seconds, on average, between two fetches because a token names a key that is not known. Up to five may follow each other by a second; 0 sets no limit.',
    }),
    timeout: milliseconds(5000, 'Milliseconds for an answer to be there whole.'),
  }),
  cache: section('Decisions that are kept. An entry never outlives the token that it is about.', {
    token: section('Answers of a key manager about opaque tokens that are valid.', {
      capacity: capacity('Entries at most, for each thread. 0 keeps none.'),
      ttl: ttl(900, 'Seconds that an entry is used.'),
      ttlWithoutEvents: ttl(
        30,
        'The same, at most, where nobody tells the gateway that a token was revoked: it follows no control plane, or the token is of a key manager that is not ours.',
      ),
    }),
    jwt: section('JWTs whose signature was verified.', {
      capacity: capacity('Entries at most, for each thread. 0 keeps none.'),
      ttl: ttl(900, 'Seconds that an entry is used.'),
    }),
    apiKey: section('API keys whose signature was verified.', {
      capacity: capacity('Entries at most, for each thread. 0 keeps none.'),
      ttl: ttl(900, 'Seconds that an entry is used.'),
    }),
    invalidToken: section('Tokens that were refused.', {
      capacity: capacity('Entries at most, for each thread. 0 keeps none.'),
      ttl: ttl(60, 'Seconds that an entry is used.'),
    }),
  }),
});

const controlPlane = section('The control plane.', {
  url: text({
    default: 'https://localhost:9443',
    description: 'Where a gateway gets its APIs, subscriptions and revocations. Empty is nowhere.',
  }),
  otherUrls: list({
    default: [],
    description:
      'Other nodes of the same control plane (one store), in the order in which they are tried when the one that is followed fails or is silent for 3 s.',
  }),
});

const authConfig = section('Where the credentials of requests are.', {
  authorizationHeader: text({
    default: 'Authorization',
    description: 'Header field of access tokens and Basic credentials, for APIs that name none of their own.',
  }),
  removeAuthHeaderFromOutMessage: boolean({
    default: true,
    description: 'Whether that field is kept from back ends. API keys always are.',
  }),
});

const secret = (description: string) => text({ default: '', secret: true, description });
const enabled = (description: string) => boolean({ default: false, description });
const client = {
  clientId: text({ default: '', description: 'Client id.' }),
  clientSecret: secret('Client secret.'),
  scopes: text({ default: '', description: 'Scopes to ask for, separated by commas.' }),
};

/** How an access token for the introspection endpoint is got. */
const introspectionOauth2 = section(
  'An access token instead, for a key manager that protects its introspection endpoint with OAuth2.',
  {
    enabled: enabled('Whether to send one, as `Authorization: Bearer`. It goes before `basic`.'),
    credentialBearer: choice(['AUTH_HEADER_BEARER', 'POST_BODY_BEARER', 'NO_BEARER'], {
      default: 'AUTH_HEADER_BEARER',
      description: 'Where the token endpoint gets client id and secret: as HTTP Basic, in the form, or not at all.',
    }),
    tokenUrl: text({ default: '', description: 'Address of the token endpoint.' }),
    clientCredential: section('The grant `client_credentials`. Used if `refresh` is off.', {
      enabled: enabled('Whether to use it.'),
      ...client,
    }),
    password: section('The grant `password`. Used if `refresh` is on, or `clientCredential` is off.', {
      enabled: enabled('Whether to use it.'),
      ...client,
      username: text({ default: '', description: 'User name.' }),
      password: secret('Password.'),
    }),
    directToken: section('An access token that is there already. Used if `password` is off too.', {
      enabled: enabled('Whether to use it.'),
      accessToken: secret('The token.'),
    }),
    refresh: section('Renews what `password` or `directToken` gave, by the grant `refresh_token`.', {
      enabled: enabled('Whether to do so.'),
      refreshUrl: text({ default: '', description: 'Address of the token endpoint. Empty is `tokenUrl`.' }),
      refreshToken: secret('The first refresh token, if the password grant gives none.'),
      ...client,
    }),
  },
  ({ enabled, tokenUrl, clientCredential, password, directToken, refresh }) => {
    if (!enabled) return undefined;
    if (refresh.enabled && !password.enabled && !directToken.enabled)
      return 'refresh renews a token of password or directToken: one of them has to be enabled';
    if (refresh.enabled && refresh.refreshUrl === '' && tokenUrl === '')
      return 'refresh is enabled: refreshUrl or tokenUrl has to be given';
    const grant = !refresh.enabled && clientCredential.enabled ? 'clientCredential' : password.enabled && 'password';
    if (grant && tokenUrl === '') return `${grant} is enabled: tokenUrl has to be given`;
    if (grant || directToken.enabled) return undefined;
    return 'one of clientCredential, password and directToken has to be enabled';
  },
);

const keyManager = section('How a gateway reaches its key manager.', {
  serverUrl: text({ default: 'https://localhost:9443', description: 'Address of the key manager.' }),
  tokenContext: text({ default: 'oauth2', description: 'First part of the path of its endpoints.' }),
  issuer: text({
    default: '',
    description:
      'Issuer of the opaque tokens that it introspects. Empty is whatever its answers say in `iss`; otherwise an answer that says something else is refused.',
  }),
  security: section('', {
    basic: section('Credentials with which a gateway asks the key manager about opaque tokens.', {
      enabled: boolean({ default: false, description: 'Whether to send them, as HTTP Basic.' }),
      username: text({ default: '', description: 'User name.' }),
      password: text({ default: '', secret: true, description: 'Password.' }),
    }),
    oauth2: introspectionOauth2,
  }),
});

/** Of `[gateway]`, beyond what one of its options says. */
export function gatewayProblem({
  wire,
  backend,
}: Pick<Config<typeof gateway>, 'wire' | 'backend'>): string | undefined {
  if (wire === 'net' || backend.http2Origins.length === 0) return undefined;
  return 'wire: expected net, since backend.http2Origins names back ends with HTTP/2';
}

export const gatewayOptions = section('', {
  gateway: { ...gateway, problem: gatewayProblem },
  authConfig,
  controlPlane,
  keyManager,
});

export type GatewayOptions = Config<typeof gatewayOptions>;
