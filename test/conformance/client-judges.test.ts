/** What clients can do beyond a secret, with two certified client libraries by others than us as judges. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { Browser } from '../support/browser.ts';
import { type AuthorizationServer, addClient, setMetadata, startAuthorizationServer } from './authorization-server.ts';
import { newKey } from './signing-client.ts';

let server: AuthorizationServer;
before(async () => {
  server = await startAuthorizationServer();
  await server.km.users.create({ name: 'mary', password: 'marys', roles: [] });
});
after(() => server[Symbol.asyncDispose]());

const insecure = { [oauth.allowInsecureRequests]: true };

for (const alg of ['RS256', 'ES256', 'Ed25519']) {
  test(`openid-client: tokens, introspection and revocation with private_key_jwt by ${alg}`, async () => {
    const key = await newKey(alg);
    const { consumerKey } = await addClient(server);
    const metadata = { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [key.jwk] } };
    await setMetadata(server, { consumerKey, consumerSecret: '' }, metadata);
    const authentication = client.PrivateKeyJwt({ key: key.privateKey, kid: key.jwk.kid });
    const config = await client.discovery(new URL(server.issuer), consumerKey, undefined, authentication, {
      execute: [client.allowInsecureRequests],
    });
    const methods = config.serverMetadata().token_endpoint_auth_methods_supported;
    assert.ok(methods?.includes('private_key_jwt'));
    const tokens = await client.clientCredentialsGrant(config);
    assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, true);
    await client.tokenRevocation(config, tokens.access_token);
    assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, false);
  });
}

test('oauth4webapi: a token with private_key_jwt', async () => {
  const key = await newKey();
  const { consumerKey } = await addClient(server);
  const metadata = { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [key.jwk] } };
  await setMetadata(server, { consumerKey, consumerSecret: '' }, metadata);
  const issuer = new URL(server.issuer);
  const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
  const me: oauth.Client = { client_id: consumerKey };
  const response = await oauth.clientCredentialsGrantRequest(
    as,
    me,
    oauth.PrivateKeyJwt({ key: key.privateKey, kid: key.jwk.kid }),
    {},
    insecure,
  );
  assert.equal((await oauth.processClientCredentialsResponse(as, me, response)).token_type, 'bearer');
});

test('openid-client: a pushed request for authorization, and a code for it', async () => {
  const { consumerKey, consumerSecret } = await addClient(server, { callbackUrl: 'https://client.example/cb' });
  const config = await client.discovery(
    new URL(server.issuer),
    consumerKey,
    { client_secret: consumerSecret, id_token_signed_response_alg: 'ES256' },
    undefined,
    { execute: [client.allowInsecureRequests] },
  );
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const [expectedState, expectedNonce] = [client.randomState(), client.randomNonce()];
  const url = await client.buildAuthorizationUrlWithPAR(config, {
    redirect_uri: 'https://client.example/cb',
    scope: 'openid',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
  });
  assert.deepEqual([...url.searchParams.keys()].sort(), ['client_id', 'request_uri']);
  const back = await logInAndAgree(url);
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
  const tokens = await client.authorizationCodeGrant(config, back, checks);
  assert.equal(tokens.claims()?.sub, 'mary@carbon.super');
});

async function logInAndAgree(url: URL): Promise<URL> {
  const browser = new Browser(url.origin);
  await browser.go(url);
  await browser.submit({ username: 'mary', password: 'marys' });
  return new URL(await browser.submit({ decision: 'agree' }));
}

for (const requireDpopNonce of [false, true]) {
  test(`openid-client: DPoP with a public client: code, user info, refresh${requireDpopNonce ? ', with nonces' : ''}`, async () => {
    await using own = await startAuthorizationServer({ options: { requireDpopNonce } });
    await own.km.users.create({ name: 'mary', password: 'marys', roles: [] });
    const { consumerKey } = await addClient(own, { callbackUrl: 'https://client.example/cb' });
    const id = { consumerKey, consumerSecret: '' };
    await setMetadata(own, id, { token_endpoint_auth_method: 'none', dpop_bound_access_tokens: true });
    const config = await client.discovery(
      new URL(own.issuer),
      consumerKey,
      { id_token_signed_response_alg: 'ES256' },
      client.None(),
      { execute: [client.allowInsecureRequests] },
    );
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const expectedState = client.randomState();
    const parameters = {
      redirect_uri: 'https://client.example/cb',
      scope: 'openid',
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: expectedState,
    };
    const url = await client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP });
    const back = await logInAndAgree(url);
    const checks = { pkceCodeVerifier, expectedState, idTokenExpected: true };
    const tokens = await client.authorizationCodeGrant(config, back, checks, undefined, { DPoP });
    assert.equal(tokens.token_type, 'dpop');
    const sub = tokens.claims()?.sub as string;
    assert.equal((await client.fetchUserInfo(config, tokens.access_token, sub, { DPoP })).sub, 'mary@carbon.super');
    const next = await client.refreshTokenGrant(config, tokens.refresh_token as string, undefined, { DPoP });
    assert.equal(next.token_type, 'dpop');
    await assert.rejects(client.refreshTokenGrant(config, next.refresh_token as string));
  });
}

for (const alg of ['ES256', 'RS256']) {
  test(`oauth4webapi, openid-client: signed introspection by ${alg}`, async () => {
    await using own = await startAuthorizationServer({ options: { otherAlgorithms: ['RS256'] } });
    const { consumerKey, consumerSecret } = await addClient(own);
    await setMetadata(own, { consumerKey, consumerSecret }, { introspection_signed_response_alg: alg });
    const issuer = new URL(own.issuer);
    const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
    const me: oauth.Client = { client_id: consumerKey, introspection_signed_response_alg: alg };
    const secret = oauth.ClientSecretBasic(consumerSecret);
    const granted = await oauth.clientCredentialsGrantRequest(as, me, secret, {}, insecure);
    const { access_token } = await oauth.processClientCredentialsResponse(as, me, granted);
    const response = await oauth.introspectionRequest(as, me, secret, access_token, insecure);
    const signed = response.clone();
    assert.equal((await oauth.processIntrospectionResponse(as, me, response)).client_id, consumerKey);
    await oauth.validateApplicationLevelSignature(as, response, insecure);
    await assert.rejects(
      oauth.processIntrospectionResponse(as, { client_id: 'another', introspection_signed_response_alg: alg }, signed),
    );

    const metadata = { client_secret: consumerSecret, introspection_signed_response_alg: alg };
    const config = await client.discovery(issuer, consumerKey, metadata, undefined, {
      execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
    });
    assert.equal((await client.tokenIntrospection(config, access_token)).active, true);
    await client.tokenRevocation(config, access_token);
    assert.equal((await client.tokenIntrospection(config, access_token)).active, false);
  });
}
