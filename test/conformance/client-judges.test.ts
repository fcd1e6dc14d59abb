/** What clients can do beyond a secret, with two certified client libraries by others than us as judges. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
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
