/**
 * Every flow of two certified client libraries that we did not write, against a running Postern: unmodified, with every check
 * they have, over TLS with certificates that are verified. What they can do and Postern cannot is not promised.
 */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { Agent, fetch } from 'undici';
import { gatewayAudience } from '../../src/core/token.ts';
import { Browser } from '../support/browser.ts';
import { closeConnections } from '../support/call.ts';
import { type TestCertificate, testAuthority } from '../support/client-certificate.ts';
import { newDataFolder, type Postern, startPostern } from '../support/postern.ts';
import { logIn } from '../support/rest.ts';

const redirectUri = 'https://client.example/cb';
const goodbye = 'https://client.example/bye';
const partners = await testAuthority('Partners');
const [ann, ben] = await Promise.all([partners.issue('ann'), partners.issue('ben')]);
const keyPair = await oauth.generateKeyPair('ES256', { extractable: true });

let data: string;
let postern: Postern;
let authority: string;
/** With which clients register. */
let initialAccessToken: string;
const agents = new Map<TestCertificate | null, Agent>();

before(async () => {
  data = newDataFolder();
  const file = join(data, 'partners.pem');
  writeFileSync(file, partners.cert);
  const options = {
    clientAuthorities: file,
    jwtProfile: 'RFC 9068',
    requireDpopNonce: true,
    deviceInterval: 1,
    otherAlgorithms: 'ES256,PS256,EdDSA',
  };
  postern = await startPostern({
    data,
    args: Object.entries(options).map(([name, value]) => `--tokens.${name}=${value}`),
  });
  authority = readFileSync(join(data, 'certificates', 'ca.pem'), 'utf8');
  initialAccessToken = (await logIn(postern.server, { scopes: ['apim:subscribe'] })).replace('Bearer ', '');
});
after(async () => {
  closeConnections();
  for (const agent of agents.values()) await agent.close();
  await postern?.stop();
  rmSync(data, { recursive: true, force: true });
});

const issuer = (): URL => new URL(`${postern.server}/oauth2/token`);

/** What both libraries fetch with. @param shown the certificate of the client */
function fetchAs(shown: TestCertificate | null) {
  const dispatcher = agents.get(shown) ?? new Agent({ connect: { ca: authority, ...shown } });
  agents.set(shown, dispatcher);
  return ((url: string, options: object) => fetch(url, { ...options, dispatcher })) as never;
}

const publicKeyOf = async () => ({ ...(await crypto.subtle.exportKey('jwk', keyPair.publicKey)), kid: 'mine' });
const certificateKey = ({ cert }: TestCertificate) => ({
  ...new X509Certificate(cert).publicKey.export({ format: 'jwk' }),
  kid: 'certified',
});

/** The ways in which a client shows who it is. */
interface Method {
  readonly name: string;
  /** What it registers for it. */
  readonly metadata?: () => Promise<object> | object;
  readonly shown?: TestCertificate;
  readonly strict: (secret: string) => oauth.ClientAuth;
  readonly easy: (secret: string) => client.ClientAuth;
}

const methods: readonly Method[] = [
  {
    name: 'client_secret_basic',
    strict: (secret) => oauth.ClientSecretBasic(secret),
    easy: (secret) => client.ClientSecretBasic(secret),
  },
  {
    name: 'client_secret_post',
    strict: (secret) => oauth.ClientSecretPost(secret),
    easy: (secret) => client.ClientSecretPost(secret),
  },
  {
    name: 'private_key_jwt',
    metadata: async () => ({ jwks: { keys: [await publicKeyOf()] } }),
    strict: () => oauth.PrivateKeyJwt({ key: keyPair.privateKey, kid: 'mine' }),
    easy: () => client.PrivateKeyJwt({ key: keyPair.privateKey, kid: 'mine' }),
  },
  {
    name: 'tls_client_auth',
    metadata: () => ({ tls_client_auth_subject_dn: 'CN=ann,O=Test' }),
    shown: ann,
    strict: () => oauth.TlsClientAuth(),
    easy: () => client.TlsClientAuth(),
  },
  {
    name: 'self_signed_tls_client_auth',
    metadata: () => ({ jwks: { keys: [certificateKey(ben)] } }),
    shown: ben,
    strict: () => oauth.TlsClientAuth(),
    easy: () => client.TlsClientAuth(),
  },
  { name: 'none', strict: () => oauth.None(), easy: () => client.None() },
];

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';
const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';

async function metadataFor({ name, metadata }: Method, more: object = {}) {
  const grants = ['authorization_code', 'refresh_token', deviceGrant];
  return {
    client_name: `judge ${name} ${Math.random()}`,
    token_endpoint_auth_method: name,
    redirect_uris: [redirectUri],
    post_logout_redirect_uris: [goodbye],
    grant_types: name === 'none' ? grants : [...grants, 'client_credentials', exchangeGrant],
    ...(await metadata?.()),
    ...more,
  };
}

/** A browser in which nobody has logged in goes to an address, and its user agrees to everything. */
async function agree(url: URL | string, browser = new Browser(postern.server)): Promise<URL> {
  let at = await browser.go(url);
  if (at.startsWith(postern.server)) at = await browser.submit({ username: 'admin', password: 'admin' });
  if (at.startsWith(postern.server)) at = await browser.submit({ decision: 'agree' });
  return new URL(at);
}

/** A client of `oauth4webapi`, which has registered itself. */
async function strictClient(method: Method, more: object = {}) {
  const options = { [oauth.customFetch]: fetchAs(method.shown ?? null) };
  const as = await oauth.processDiscoveryResponse(issuer(), await oauth.discoveryRequest(issuer(), options));
  const registering = { initialAccessToken, ...options };
  const registered = await oauth.processDynamicClientRegistrationResponse(
    await oauth.dynamicClientRegistrationRequest(as, await metadataFor(method, more), registering),
  );
  const me: oauth.Client = { ...registered };
  const secret = (registered.client_secret as string | undefined) ?? '';
  return { as, me, secret, auth: method.strict(secret), options };
}
type Strict = Awaited<ReturnType<typeof strictClient>>;

const challengeOf = async (verifier: string) => ({
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
});

/** Its way to a code, and what it exchanges that for. */
async function codeFlow(
  { as, me, auth, options }: Strict,
  { scope = 'openid profile', pushed = false, DPoP, browser }: Partial<Flow> = {},
) {
  const [verifier, state, nonce] = [
    oauth.generateRandomCodeVerifier(),
    oauth.generateRandomState(),
    oauth.generateRandomNonce(),
  ];
  const asked = {
    client_id: me.client_id,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope,
    state,
    nonce,
    max_age: '600',
    ...(await challengeOf(verifier)),
  };
  const url = new URL(as.authorization_endpoint as string);
  const with_ = { ...options, ...(DPoP && { DPoP }) };
  let query: Record<string, string> = asked;
  if (pushed) {
    const push = () => oauth.pushedAuthorizationRequest(as, me, auth, asked, with_);
    const { request_uri } = await withNonce(async () => oauth.processPushedAuthorizationResponse(as, me, await push()));
    query = { client_id: me.client_id, request_uri };
  }
  url.search = new URLSearchParams(query).toString();
  const answer = oauth.validateAuthResponse(as, me, await agree(url, browser), state);
  const ask = () => oauth.authorizationCodeGrantRequest(as, me, auth, answer, redirectUri, verifier, with_);
  const response = await ask();
  const expected = { expectedNonce: nonce, maxAge: 600, requireIdToken: scope.includes('openid') };
  const tokens = await oauth.processAuthorizationCodeResponse(as, me, response, expected);
  if (scope.includes('openid')) await oauth.validateApplicationLevelSignature(as, response, options);
  return tokens;
}
interface Flow {
  readonly scope: string;
  readonly pushed: boolean;
  readonly DPoP: oauth.DPoPHandle;
  readonly browser: Browser;
}

/** The server may say which nonce it wants: then the library has it, and asks once more. */
async function withNonce<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    return ask();
  }
}

for (const method of methods) {
  test(`oauth4webapi, ${method.name}: registers; code with PKCE, user info, refresh, introspection, revocation`, async () => {
    const own = await strictClient(method);
    const { as, me, auth, options } = own;
    assert.ok(as.token_endpoint_auth_methods_supported?.includes(method.name));
    const tokens = await codeFlow(own);
    const claims = oauth.getValidatedIdTokenClaims(tokens) as oauth.IDToken;
    assert.equal(claims.sub, 'admin@carbon.super');
    const info = await oauth.processUserInfoResponse(
      as,
      me,
      claims.sub,
      await oauth.userInfoRequest(as, me, tokens.access_token, options),
    );
    assert.equal(info.preferred_username, 'admin');
    const answer = await oauth.refreshTokenGrantRequest(as, me, auth, String(tokens.refresh_token), options);
    const next = await oauth.processRefreshTokenResponse(as, me, answer);
    await oauth.validateApplicationLevelSignature(as, answer, options);
    const introspected = async (token: string) =>
      oauth.processIntrospectionResponse(
        as,
        me,
        await oauth.introspectionRequest(as, me, auth, token, { requestJwtResponse: false, ...options }),
      );
    if (method.name !== 'none') {
      assert.equal((await introspected(next.access_token)).active, true);
      assert.equal((await introspected(tokens.access_token)).active, false);
      const alone = await oauth.processClientCredentialsResponse(
        as,
        me,
        await oauth.clientCredentialsGrantRequest(as, me, auth, {}, options),
      );
      assert.equal((await introspected(alone.access_token)).sub, 'admin@carbon.super');
    }
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(as, me, auth, String(next.refresh_token), options),
    );
    const over = await oauth.userInfoRequest(as, me, next.access_token, options);
    await assert.rejects(oauth.processUserInfoResponse(as, me, claims.sub, over), oauth.WWWAuthenticateChallengeError);
  });

  test(`openid-client, ${method.name}: registers; code with PKCE, user info, refresh, introspection, revocation, log-out`, async () => {
    const options = { [client.customFetch]: fetchAs(method.shown ?? null) };
    const metadata = await metadataFor(method);
    const registering = { initialAccessToken, ...options };
    const registered = await client.dynamicClientRegistration(issuer(), metadata, client.None(), registering);
    const { client_id, client_secret } = registered.clientMetadata() as { client_id: string; client_secret: string };
    const known = { ...metadata, client_secret };
    const config = await client.discovery(issuer(), client_id, known, method.easy(client_secret), options);
    client.enableNonRepudiationChecks(config);
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const checks = {
      pkceCodeVerifier,
      expectedState: client.randomState(),
      expectedNonce: client.randomNonce(),
      maxAge: 600,
      idTokenExpected: true,
    };
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope: 'openid email',
      state: checks.expectedState,
      nonce: checks.expectedNonce,
      max_age: '600',
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
    });
    const browser = new Browser(postern.server);
    const tokens = await client.authorizationCodeGrant(config, await agree(url, browser), checks);
    const sub = String(tokens.claims()?.sub);
    assert.equal((await client.fetchUserInfo(config, tokens.access_token, sub)).sub, sub);
    const next = await client.refreshTokenGrant(config, String(tokens.refresh_token));
    if (method.name !== 'none') {
      assert.equal((await client.tokenIntrospection(config, next.access_token)).active, true);
      const own = await client.clientCredentialsGrant(config);
      await client.tokenRevocation(config, own.access_token);
      assert.equal((await client.tokenIntrospection(config, own.access_token)).active, false);
    }
    await client.tokenRevocation(config, String(next.refresh_token));
    await assert.rejects(client.fetchUserInfo(config, next.access_token, sub), client.WWWAuthenticateChallengeError);
    const out = client.buildEndSessionUrl(config, {
      id_token_hint: String(next.id_token),
      post_logout_redirect_uri: goodbye,
      state: 'a state',
    });
    assert.equal(await browser.go(out), `${goodbye}?state=a+state`);
  });
}

const basic = methods[0] as Method;

for (const pushed of [false, true]) {
  test(`oauth4webapi: tokens bound to a key (DPoP, with nonces)${pushed ? ', of a request that was pushed' : ''}`, async () => {
    const own = await strictClient(methods.at(-1) as Method, { dpop_bound_access_tokens: true });
    const { as, me, auth, options } = own;
    const DPoP = oauth.DPoP(me, await oauth.generateKeyPair('ES256'));
    // The first answer has the nonce; a client that is known has one already.
    const ask = () => oauth.refreshTokenGrantRequest(as, me, auth, 'unknown', { DPoP, ...options });
    await assert.rejects(
      withNonce(async () => oauth.processRefreshTokenResponse(as, me, await ask())),
      { error: 'invalid_grant' },
    );
    const tokens = await codeFlow(own, { pushed, DPoP });
    assert.equal(tokens.token_type, 'dpop');
    const info = await oauth.processUserInfoResponse(
      as,
      me,
      'admin@carbon.super',
      await oauth.userInfoRequest(as, me, tokens.access_token, { DPoP, ...options }),
    );
    assert.equal(info.sub, 'admin@carbon.super');
    const stolen = await oauth.userInfoRequest(as, me, tokens.access_token, options);
    await assert.rejects(oauth.processUserInfoResponse(as, me, info.sub, stolen), oauth.WWWAuthenticateChallengeError);
    const request = () =>
      oauth.refreshTokenGrantRequest(as, me, auth, String(tokens.refresh_token), { DPoP, ...options });
    const next = await withNonce(async () => oauth.processRefreshTokenResponse(as, me, await request()));
    assert.equal(next.token_type, 'dpop');
  });
}

test('oauth4webapi: a pushed request, without a key', async () => {
  const own = await strictClient(basic, { require_pushed_authorization_requests: true });
  assert.equal((await codeFlow(own, { pushed: true })).token_type, 'bearer');
});

test('oauth4webapi: tokens bound to a certificate', async () => {
  const method = methods.find(({ name }) => name === 'self_signed_tls_client_auth') as Method;
  const own = await strictClient(method, { tls_client_certificate_bound_access_tokens: true });
  const { as, me, auth, options } = own;
  const { access_token } = await codeFlow(own);
  const introspected = await oauth.processIntrospectionResponse(
    as,
    me,
    await oauth.introspectionRequest(as, me, auth, access_token, { requestJwtResponse: false, ...options }),
  );
  assert.ok(introspected.cnf?.['x5t#S256']);
  const good = await oauth.userInfoRequest(as, me, access_token, options);
  assert.equal((await oauth.processUserInfoResponse(as, me, 'admin@carbon.super', good)).sub, 'admin@carbon.super');
  const other = { [oauth.customFetch]: fetchAs(ann) };
  const stolen = await oauth.userInfoRequest(as, me, access_token, other);
  await assert.rejects(
    oauth.processUserInfoResponse(as, me, 'admin@carbon.super', stolen),
    oauth.WWWAuthenticateChallengeError,
  );
});

test('oauth4webapi: a device is let in; openid-client: one too, polled', async () => {
  const { as, me, secret, auth, options } = await strictClient(basic);
  const codes = await oauth.processDeviceAuthorizationResponse(
    as,
    me,
    await oauth.deviceAuthorizationRequest(as, me, auth, { scope: 'openid' }, options),
  );
  await agree(String(codes.verification_uri_complete));
  const answer = await oauth.deviceCodeGrantRequest(as, me, auth, codes.device_code, options);
  const tokens = await oauth.processDeviceCodeResponse(as, me, answer);
  await oauth.validateApplicationLevelSignature(as, answer, options);
  assert.equal(oauth.getValidatedIdTokenClaims(tokens)?.sub, 'admin@carbon.super');

  const easy = await client.discovery(issuer(), me.client_id, secret, basic.easy(secret), {
    [client.customFetch]: options[oauth.customFetch],
  });
  const others = await client.initiateDeviceAuthorization(easy, { scope: 'openid' });
  const [polled] = await Promise.all([
    client.pollDeviceAuthorizationGrant(easy, others),
    agree(String(others.verification_uri_complete)),
  ]);
  assert.equal(polled.claims()?.sub, 'admin@carbon.super');
});

test('oauth4webapi: a token is exchanged for a narrower one', async () => {
  const own = await strictClient(basic);
  const { as, me, auth, options } = own;
  const { access_token } = await codeFlow(own, { scope: 'openid profile email' });
  const parameters = { subject_token: access_token, subject_token_type: accessTokenType, scope: 'profile' };
  const exchanged = await oauth.processGenericTokenEndpointResponse(
    as,
    me,
    await oauth.genericTokenEndpointRequest(as, me, auth, exchangeGrant, parameters, options),
  );
  assert.deepEqual([exchanged.issued_token_type, exchanged.scope], [accessTokenType, 'profile']);
});

test('oauth4webapi: as a resource server it takes JWTs of the profile, bound to a key too; the gateway serves both', async () => {
  const options = { [oauth.customFetch]: fetchAs(null) };
  const as = await oauth.processDiscoveryResponse(issuer(), await oauth.discoveryRequest(issuer(), options));
  const me: oauth.Client = { client_id: postern.key };
  const auth = oauth.ClientSecretBasic(postern.secret);
  const menu = new URL(`${postern.https}/pizzashack/1.0.0/menu`);
  for (const DPoP of [undefined, oauth.DPoP(me, await oauth.generateKeyPair('ES256'))]) {
    const with_ = { ...options, ...(DPoP && { DPoP }) };
    const tokens = await withNonce(async () =>
      oauth.processClientCredentialsResponse(
        as,
        me,
        await oauth.clientCredentialsGrantRequest(as, me, auth, {}, with_),
      ),
    );
    const { access_token } = tokens;
    const served = await oauth.protectedResourceRequest(access_token, 'GET', menu, undefined, undefined, with_);
    assert.equal(served.status, 200);
    const seen: { headers?: Headers } = {};
    const capture = async (_url: string, init: { headers: Headers }) => {
      seen.headers = new Headers(init.headers);
      return new Response();
    };
    const capturing = { ...with_, [oauth.customFetch]: capture as never };
    await oauth.protectedResourceRequest(access_token, 'GET', menu, undefined, undefined, capturing);
    const request = new Request(menu, { headers: seen.headers as Headers });
    const checks = { requireDPoP: DPoP !== undefined, ...options };
    const claims = await oauth.validateJwtAccessToken(as, request, gatewayAudience, checks);
    assert.equal(claims.client_id, postern.key);
  }
  const opened = await client.discovery(issuer(), postern.key, postern.secret, undefined, {
    [client.customFetch]: fetchAs(null),
  });
  const { access_token } = await client.clientCredentialsGrant(opened);
  assert.equal((await client.fetchProtectedResource(opened, access_token, menu, 'GET')).status, 200);
});

test('what the libraries can do and Postern does not is not promised, and refused in the words of the standards', async () => {
  const own = await strictClient(basic);
  const as = own.as as Record<string, unknown> & typeof own.as;
  for (const name of [
    'request_object_signing_alg_values_supported',
    'authorization_signing_alg_values_supported',
    'backchannel_authentication_endpoint',
    'id_token_encryption_alg_values_supported',
    'userinfo_signing_alg_values_supported',
    'require_signed_request_object',
    'check_session_iframe',
    'frontchannel_logout_supported',
    'mtls_endpoint_aliases',
  ]) {
    assert.equal(as[name], undefined, name);
  }
  assert.equal(as.request_uri_parameter_supported, false);
  assert.ok(!as.request_parameter_supported);
  assert.equal(as.token_endpoint_auth_methods_supported?.includes('client_secret_jwt'), false);
  assert.deepEqual(as.response_types_supported, ['code']);
  assert.equal(
    as.response_modes_supported?.some((mode) => mode.includes('jwt')),
    false,
  );

  const config = await client.discovery(issuer(), own.me.client_id, own.secret, undefined, {
    [client.customFetch]: fetchAs(null),
  });
  const refused = async (url: URL) => (await agree(url)).searchParams.get('error');
  const parameters = { redirect_uri: redirectUri, scope: 'openid' };
  const signed = await client.buildAuthorizationUrlWithJAR(config, parameters, keyPair.privateKey);
  assert.equal(await refused(signed), 'request_not_supported');
  const hybrid = { ...parameters, response_type: 'code id_token' };
  const answered = (await agree(client.buildAuthorizationUrl(config, hybrid))).hash.slice(1);
  assert.equal(new URLSearchParams(answered).get('error'), 'unsupported_response_type');
  const jarm = client.buildAuthorizationUrl(config, { ...parameters, response_mode: 'jwt' });
  assert.equal(await refused(jarm), 'invalid_request');
  const jwtSecret = client.ClientSecretJwt(own.secret);
  const other = await client.discovery(issuer(), own.me.client_id, undefined, jwtSecret, {
    [client.customFetch]: fetchAs(null),
  });
  await assert.rejects(client.clientCredentialsGrant(other), client.WWWAuthenticateChallengeError);
});
