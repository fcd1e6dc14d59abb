/** The options of a key manager: the listener that it shares with the control plane, and its tokens. */

import { isIP } from 'node:net';
import { hasHiddenCharacters, hiddenCharacters } from '../core/hidden-characters.ts';
import { boolean, type Config, choice, integer, list, port, section, text } from '../platform/config/schema.ts';

/** Each `alg` (RFC 7518 section 3.1, RFC 8037) that there can be signing keys for. */
export const signingAlgorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;

/** Seconds in which every node of an installation has seen a new key, however its clock goes. */
export const shortestOverlap = 5;

const seconds = (value: number, description: string) => integer({ default: value, minimum: 1, description });

const server = section(
  'The listener of key manager and control plane.',
  {
    host: text({
      default: '127.0.0.1',
      description: 'Address to listen on. `0.0.0.0` is every IPv4 address, `::` every address.',
    }),
    port: port({ default: 9443, description: 'Port for HTTPS. 0 takes a free one.' }),
    publicHost: text({
      default: 'localhost',
      description: 'Host by which clients reach it: part of the issuer and of the addresses in its metadata.',
    }),
    otherHosts: list({
      default: [],
      description:
        'Further names and addresses by which clients and gateways reach it, such as that of this node among several: its certificate is for them too, and is made anew at the next start.',
    }),
  },
  ({ otherHosts }) => {
    const wrong = otherHosts.find((host) => !isHost(host));
    return wrong === undefined
      ? undefined
      : `otherHosts: expected names or IP addresses, without scheme and port, got ${JSON.stringify(wrong)}`;
  },
);

/** One that a certificate can be for: nobody calls a server by a wildcard address. */
function isHost(text: string): boolean {
  if (isIP(text.replace(/^\[(.*)\]$/, '$1'))) return text !== '0.0.0.0' && text !== '::';
  return text.length <= 253 && /^(?!-)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*\.?$/.test(text);
}

/** What id tokens and user info say by other names. */
const takenClaims: ReadonlySet<string> = new Set(
  'iss sub aud azp exp nbf iat jti auth_time nonce acr amr sid at_hash c_hash events name given_name family_name preferred_username email email_verified'.split(
    ' ',
  ),
);

const tokens = section(
  'The tokens that the key manager issues.',
  {
    issuer: text({
      default: '',
      description:
        'The name of who issues them, `iss`; nodes that share a store have the same one. Empty = `https://<server.publicHost>:<server.port>/oauth2/token`.',
    }),
    accessTokenValidity: seconds(3600, 'Seconds that an access token of a user is valid.'),
    applicationTokenValidity: seconds(
      3600,
      'Seconds that an access token of an application (`client_credentials`) is valid.',
    ),
    maxValidity: integer({
      default: -1,
      minimum: -1,
      description:
        'Seconds that `validity_period` of `client_credentials` may ask for at most; a longer one is refused. -1 sets no maximum, and lets it ask for tokens that never expire: their revocations stay in the memory of gateways for ever. Otherwise at least `applicationTokenValidity`.',
    }),
    refreshTokenValidity: integer({
      default: 86_400,
      minimum: -1,
      description: 'Seconds that a refresh token is valid. -1 never expires.',
    }),
    timestampSkew: integer({
      default: 0,
      minimum: 0,
      description:
        'Seconds that `expires_in` says less than a token is valid, for clients whose clocks are slow. Must be less than each validity of an access token.',
    }),
    refreshReuseWindow: integer({
      default: 10,
      minimum: 0,
      maximum: 300,
      description:
        'Seconds within which a refresh token that was used gets the same successor again (the answer may have been lost). Later its reuse revokes all that came of it.',
    }),
    signingAlgorithm: choice(signingAlgorithms, {
      default: 'RS256',
      description: 'Algorithm that signs JWTs. A key for it is made at the first start that needs one.',
    }),
    jwtProfile: choice(['WSO2', 'RFC 9068'], {
      default: 'WSO2',
      description:
        'Form of access tokens that are JWTs. `WSO2`: the type `JWT`, as WSO2 API Manager has it. `RFC 9068`: the type `at+jwt`, and besides the same claims `client_id`, and of a log-in `auth_time` and `amr`.',
    }),
    otherAlgorithms: list({
      default: ['ES256'],
      description:
        'Further algorithms, out of RS256, PS256, ES256 and EdDSA, for which there are keys: a client may ask for id tokens signed with one of them (`id_token_signed_response_alg`).',
    }),
    keyRotation: integer({
      default: 0,
      minimum: 0,
      maximum: 3650,
      description:
        'Days that a key signs before the next one takes its place. 0 changes keys by order only (`postern keys rotate`).',
    }),
    keyOverlap: integer({
      default: 86_400,
      minimum: shortestOverlap,
      maximum: 2_592_000,
      description:
        'Seconds that a new key is published before it signs. As long as others may keep what they read at `/oauth2/jwks`; gateways that follow need milliseconds.',
    }),
    browserOrigins: list({
      default: [],
      description:
        'Origins (`https://app.example.com`) whose pages may call the endpoints for tokens, revocation, pushed requests and user info from a browser, and read metadata and keys: applications that run in it, which are public clients with PKCE. `*` lets all of them. No page or cookie is concerned.',
    }),
    revokeOnRefresh: boolean({
      default: true,
      description: 'Whether a refresh revokes the access token that it replaces.',
    }),
    codeValidity: integer({
      default: 60,
      minimum: 1,
      maximum: 600,
      description: 'Seconds that an authorization code can be exchanged for tokens.',
    }),
    deviceCodeValidity: integer({
      default: 600,
      minimum: 30,
      maximum: 3600,
      description: 'Seconds in which somebody can let in a device by the code that it shows.',
    }),
    deviceInterval: integer({
      default: 5,
      minimum: 1,
      maximum: 60,
      description: 'Seconds that a device has to wait between two questions whether somebody has let it in.',
    }),
    sessionValidity: seconds(28_800, 'Seconds after a log-in until a browser has to log in again.'),
    idTokenValidity: seconds(3600, 'Seconds that an id token is valid.'),
    requirePushedRequests: boolean({
      default: false,
      description:
        'Whether each client has to push its requests for authorization to `/oauth2/par` first (RFC 9126). Each client can be registered so by itself.',
    }),
    pushedRequestValidity: integer({
      default: 60,
      minimum: 5,
      maximum: 600,
      description: 'Seconds within which the browser has to come with a request that was pushed.',
    }),
    clientAuthorities: text({
      default: '',
      description:
        'File with the certificates of the authorities that issue certificates of clients (PEM, PKCS#12 or JKS without a password), for the client authentication `tls_client_auth` (RFC 8705); relative to the current folder. Empty = it is not served.',
    }),
    requireDpopNonce: boolean({
      default: false,
      description:
        'Whether DPoP proofs (RFC 9449) sent to the key manager have to have a nonce that it gave out: nobody makes proofs for later then. It costs each client one request more.',
    }),
    rolesClaim: text({
      default: '',
      description:
        'Name of the claim that says the roles of a user in id tokens and user info, `groups` say, for every client that is granted `openid`. Empty = none.',
    }),
    requirePkce: boolean({
      default: false,
      description: 'Whether each client has to use PKCE. A public client always has to.',
    }),
    allowImplicit: boolean({
      default: false,
      description:
        'Whether tokens are given in the address of the browser (`response_type` `token`, `id_token`, `id_token token`): for clients of WSO2 API Manager that know no codes. Whoever sees the address has the token (RFC 9700 section 2.1.2).',
    }),
    strictScopes: boolean({
      default: false,
      description:
        'Whether a request for a scope that is not given is refused (`invalid_scope`). Otherwise such names are dropped without a word, as WSO2 API Manager does it.',
    }),
    allowPlainPkce: boolean({
      default: false,
      description:
        'Whether PKCE may go by the method `plain`, which protects from less than S256 does: for clients of WSO2 API Manager that know no other.',
    }),
    exchangeImpersonation: boolean({
      default: false,
      description:
        'Whether a client may exchange a token of another client for one of its own without saying that it acts for the user (`actor_token`): the claim `act` is missing then. Its own tokens it may always narrow.',
    }),
    assertionIssuers: list({
      default: [],
      description:
        'The issuers (`iss`) whose assertions give tokens of users (grant `urn:ietf:params:oauth:grant-type:jwt-bearer`), out of the key managers that are registered in the admin REST API. Each can speak for every user here, administrators included.',
    }),
    customGrants: list({
      default: [],
      description:
        'Files of JavaScript or TypeScript modules, each a further grant of the token endpoint; relative to the working folder. See docs/grants.md.',
    }),
    openRegistration: boolean({
      default: false,
      description:
        'Whether anybody may register clients at `/oauth2/register` (RFC 7591). They belong to nobody, and can only send users to log in. Off = a user has to authenticate itself there.',
    }),
    tokenUrls: list({
      default: [],
      description:
        'Further addresses at which clients reach the token endpoint, such as that of a proxy: assertions and proofs may be made for them as for our own.',
    }),
    assertionSkew: integer({
      default: 60,
      minimum: 0,
      maximum: 300,
      description: 'Seconds that the clocks of those who sign assertions may be ahead.',
    }),
    assertionRefreshTokens: boolean({
      default: true,
      description:
        'Whether a SAML assertion gives a refresh token too, to clients that may use one. It ends when the assertion ends, with all that it gives.',
    }),
    hashClientSecrets: boolean({
      default: false,
      description: 'Whether consumer secrets are kept as hashes only: shown once, when they are made, and never again.',
    }),
  },
  (values) => {
    const {
      timestampSkew,
      accessTokenValidity,
      applicationTokenValidity,
      maxValidity,
      refreshTokenValidity,
      rolesClaim,
    } = values;
    const wrongUrl = values.tokenUrls.find((url) => !/^https?:\/\/[^/?#]+\/[^?#]*$/.test(url) || !URL.canParse(url));
    if (wrongUrl !== undefined) {
      return `tokenUrls: expected URLs without query and fragment, got ${JSON.stringify(wrongUrl)}`;
    }
    const wrong = values.otherAlgorithms.find((name) => !(signingAlgorithms as readonly string[]).includes(name));
    if (wrong !== undefined) {
      return `otherAlgorithms: expected names out of ${signingAlgorithms.join(', ')}, got ${JSON.stringify(wrong)}`;
    }
    const noOrigin = values.browserOrigins.find((one) => one !== '*' && URL.parse(one)?.origin !== one);
    if (noOrigin !== undefined) {
      return `browserOrigins: expected origins like https://app.example.com, or *, got ${JSON.stringify(noOrigin)}`;
    }
    if (values.keyRotation > 0 && values.keyRotation * 86_400 <= values.keyOverlap) {
      return 'keyRotation: expected longer than keyOverlap';
    }
    if (refreshTokenValidity === 0) return 'refreshTokenValidity: expected -1 or at least 1, got 0';
    if (maxValidity >= 0 && maxValidity < applicationTokenValidity) {
      return 'maxValidity: expected -1 or at least applicationTokenValidity';
    }
    const taken = takenClaims.has(rolesClaim);
    if (taken) return `rolesClaim: expected a name that is none of a registered claim, got ${rolesClaim}`;
    if (!/^[\w:/.-]{0,200}$/.test(rolesClaim))
      return 'rolesClaim: expected at most 200 letters, digits and characters of _ : / . -';
    return timestampSkew < Math.min(accessTokenValidity, applicationTokenValidity)
      ? undefined
      : 'timestampSkew: expected less than accessTokenValidity and applicationTokenValidity';
  },
);

const pages = section(
  'The pages on which users log in, agree, and look after their accounts.',
  {
    name: text({
      default: '',
      description:
        'What stands above each page and in its title: the name of your organisation or product, say. At most 100 characters.',
    }),
    logInUrl: text({
      default: '',
      description:
        'Address of a page of your own on which users log in, on any host, in place of the built-in one: `https://login.example.com/`. Forms for the log-in are taken from its origin only. Plain HTTP is for addresses of this machine. See docs/log-in.md. Empty = the built-in page.',
    }),
    styleFile: text({
      default: '',
      description:
        'File with a style sheet that comes after the built-in one: CSS in UTF-8 of at most 65536 bytes, read at the start. It may set the custom properties that the built-in one uses (`--accent`, `--paper` …) or anything else; pages load nothing from elsewhere, so images and fonts have no effect.',
    }),
  },
  ({ name, logInUrl }) => {
    if (name.length > 100 || hasHiddenCharacters(name)) {
      return `name: expected at most 100 characters, no ${hiddenCharacters}`;
    }
    return logInUrl === '' || isPageUrl(logInUrl)
      ? undefined
      : `logInUrl: expected an address with https, without user and fragment, got ${JSON.stringify(logInUrl)}`;
  },
);

/** Without TLS it would get passwords that anybody reads; on this machine there is nobody. */
function isPageUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url?.username !== '' || url.password !== '' || url.hash !== '') return false;
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  return url.protocol === 'https:' || (url.protocol === 'http:' && isHere);
}

export const keyManagerOptions = section('', { server, tokens, pages });

export type KeyManagerOptions = Config<typeof keyManagerOptions>;
