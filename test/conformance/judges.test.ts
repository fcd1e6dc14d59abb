/** Two certified client libraries, by others than us, as judges: both refuse answers that break the standards. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import type { ConsumerKey } from '../../src/adapters/key-managers/built-in.ts';
import {
  type AuthorizationServer,
  addSubscribedApplication,
  startAuthorizationServer,
} from './authorization-server.ts';

let server: AuthorizationServer;
let key: ConsumerKey;
before(async () => {
  server = await startAuthorizationServer();
  await server.km.users.create({ name: 'mary', password: 'marys', roles: [] });
  key = await addSubscribedApplication(server);
});
after(() => server[Symbol.asyncDispose]());

for (const algorithm of ['oidc', 'oauth2'] as const) {
  for (const [method, authentication] of [
    ['Basic', client.ClientSecretBasic],
    ['the body', client.ClientSecretPost],
  ] as const) {
    test(`openid-client: discovery (${algorithm}), tokens, refresh, introspection, revocation, with ${method}`, async () => {
      const config = await client.discovery(
        new URL(server.issuer),
        key.consumerKey,
        key.consumerSecret,
        authentication(key.consumerSecret),
        { algorithm, execute: [client.allowInsecureRequests] },
      );
      const own = await client.clientCredentialsGrant(config, { scope: 'read' });
      assert.equal(own.token_type, 'bearer');
      assert.equal(own.scope, 'am_application_scope read');
      // A second may have ended since the token was issued.
      assert.ok([3600, 3599].includes(own.expires_in ?? 0), String(own.expires_in));
      const users = await client.genericGrantRequest(config, 'password', {
        username: 'mary',
        password: 'marys',
        scope: 'read',
      });
      const next = await client.refreshTokenGrant(config, users.refresh_token as string);
      assert.notEqual(next.access_token, users.access_token);
      const found = await client.tokenIntrospection(config, next.access_token);
      assert.deepEqual([found.active, found.client_id, found.sub], [true, key.consumerKey, 'mary@carbon.super']);
      await client.tokenRevocation(config, next.refresh_token as string);
      assert.equal((await client.tokenIntrospection(config, next.access_token)).active, false);
      await assert.rejects(client.refreshTokenGrant(config, next.refresh_token as string), { error: 'invalid_grant' });
    });
  }
}

test('oauth4webapi: the same, and the signature of a JWT by the published keys', async () => {
  const insecure = { [oauth.allowInsecureRequests]: true };
  const issuer = new URL(server.issuer);
  const as = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure }),
  );
  const me: oauth.Client = { client_id: key.consumerKey };
  const auth = oauth.ClientSecretBasic(key.consumerSecret);
  const own = await oauth.processClientCredentialsResponse(
    as,
    me,
    await oauth.clientCredentialsGrantRequest(as, me, auth, {}, insecure),
  );
  const users = await oauth.processGenericTokenEndpointResponse(
    as,
    me,
    await oauth.genericTokenEndpointRequest(
      as,
      me,
      auth,
      'password',
      { username: 'mary', password: 'marys' },
      insecure,
    ),
  );
  const next = await oauth.processRefreshTokenResponse(
    as,
    me,
    await oauth.refreshTokenGrantRequest(as, me, auth, users.refresh_token as string, insecure),
  );
  const introspected = async (token: string) =>
    oauth.processIntrospectionResponse(
      as,
      me,
      await oauth.introspectionRequest(as, me, auth, token, { requestJwtResponse: false, ...insecure }),
    );
  assert.equal((await introspected(own.access_token)).active, true);
  await oauth.processRevocationResponse(await oauth.revocationRequest(as, me, auth, next.access_token, insecure));
  assert.equal((await introspected(next.access_token)).active, false);

  const { createRemoteJWKSet, jwtVerify } = await import('jose');
  const { payload, protectedHeader } = await jwtVerify(
    own.access_token,
    createRemoteJWKSet(new URL(as.jwks_uri as string)),
    { issuer: server.issuer, audience: 'http://org.wso2.apimgt/gateway', typ: 'JWT' },
  );
  assert.equal(payload.consumerKey, key.consumerKey);
  assert.equal(protectedHeader.alg, 'ES256');
});

test('oauth4webapi: a wrong secret is the challenge that the standard asks for', async () => {
  const as: oauth.AuthorizationServer = { issuer: server.issuer, token_endpoint: `${server.url}/oauth2/token` };
  const me: oauth.Client = { client_id: key.consumerKey };
  const response = await oauth.clientCredentialsGrantRequest(
    as,
    me,
    oauth.ClientSecretBasic('wrong'),
    {},
    {
      [oauth.allowInsecureRequests]: true,
    },
  );
  await assert.rejects(oauth.processClientCredentialsResponse(as, me, response), oauth.WWWAuthenticateChallengeError);
});
