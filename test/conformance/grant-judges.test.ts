/** Further grants, with certified client libraries by others than us as judges. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import type { ConsumerKey } from '../../src/adapters/key-managers/built-in.ts';
import type { Browser } from '../support/browser.ts';
import {
  type AuthorizationServer,
  addSubscribedApplication,
  startAuthorizationServer,
} from './authorization-server.ts';
import { loggedIn } from './code-flow.ts';

let server: AuthorizationServer;
let key: ConsumerKey;
let browser: Browser;
before(async () => {
  // The judges do wait as long as they are told to.
  server = await startAuthorizationServer({ options: { deviceInterval: 1 } });
  await server.km.users.create({ name: 'mary', password: 'marys', roles: [] });
  key = await addSubscribedApplication(server);
  browser = await loggedIn(server, key);
});
after(() => server[Symbol.asyncDispose]());

const insecure = { [oauth.allowInsecureRequests]: true };

async function discover(metadata: Partial<client.ClientMetadata> = {}): Promise<client.Configuration> {
  const known = { client_secret: key.consumerSecret, id_token_signed_response_alg: 'ES256', ...metadata };
  return client.discovery(new URL(server.issuer), key.consumerKey, known, undefined, {
    execute: [client.allowInsecureRequests],
  });
}

test('openid-client: device authorization, polled until somebody agrees', async () => {
  const config = await discover();
  const codes = await client.initiateDeviceAuthorization(config, { scope: 'openid read' });
  const polled = client.pollDeviceAuthorizationGrant(config, codes);
  await browser.go(codes.verification_uri_complete as string);
  await browser.submit({ decision: 'agree' });
  const tokens = await polled;
  assert.equal(tokens.claims()?.sub, 'mary@carbon.super');
  assert.equal(tokens.scope, 'openid read');
});

test('oauth4webapi: device authorization: pending, then refused', async () => {
  const issuer = new URL(server.issuer);
  const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure });
  const as = await oauth.processDiscoveryResponse(issuer, found);
  const me: oauth.Client = { client_id: key.consumerKey };
  const auth = oauth.ClientSecretBasic(key.consumerSecret);
  const codes = await oauth.processDeviceAuthorizationResponse(
    as,
    me,
    await oauth.deviceAuthorizationRequest(as, me, auth, {}, insecure),
  );
  const ask = async () =>
    oauth.processDeviceCodeResponse(
      as,
      me,
      await oauth.deviceCodeGrantRequest(as, me, auth, codes.device_code, insecure),
    );
  await assert.rejects(ask(), { error: 'authorization_pending' });
  await browser.go(codes.verification_uri_complete as string);
  await browser.submit({ decision: 'refuse' });
  await assert.rejects(ask(), { error: 'access_denied' });
});

test('openid-client: a token of a user for one of the client that acts for her', async () => {
  const config = await discover();
  const form = { username: 'mary', password: 'marys', scope: 'read' };
  const user = await client.genericGrantRequest(config, 'password', form);
  const own = await client.clientCredentialsGrant(config);
  const type = 'urn:ietf:params:oauth:token-type:access_token';
  const tokens = await client.genericGrantRequest(config, 'urn:ietf:params:oauth:grant-type:token-exchange', {
    subject_token: user.access_token,
    subject_token_type: type,
    actor_token: own.access_token,
    actor_token_type: type,
    scope: 'read',
  });
  assert.deepEqual([tokens.issued_token_type, tokens.scope], [type, 'read']);
  const found = await client.tokenIntrospection(config, tokens.access_token);
  assert.deepEqual(found.act, { sub: 'admin@carbon.super', client_id: key.consumerKey });
});

test('openid-client: an id token in the fragment, where an option allows it', async () => {
  await using lenient = await startAuthorizationServer({ options: { allowImplicit: true } });
  await lenient.km.users.create({ name: 'mary', password: 'marys', roles: [] });
  const app = await addSubscribedApplication(lenient);
  const known = { client_secret: app.consumerSecret, id_token_signed_response_alg: 'ES256' };
  const config = await client.discovery(new URL(lenient.issuer), app.consumerKey, known, undefined, {
    execute: [client.allowInsecureRequests, client.useIdTokenResponseType],
  });
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  const redirect_uri = 'https://client.example/cb';
  const url = client.buildAuthorizationUrl(config, { redirect_uri, scope: 'openid', state, nonce });
  const back = await (await loggedIn(lenient, app)).go(url);
  const claims = await client.implicitAuthentication(config, new URL(back), nonce, { expectedState: state });
  assert.equal(claims.sub, 'mary@carbon.super');
});
