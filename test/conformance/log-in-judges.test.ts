/** Authorization codes and OpenID Connect, with a certified client library by others than us as the judge. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { decodeProtectedHeader } from 'jose';
import * as client from 'openid-client';
import type { ConsumerKey } from '../../src/adapters/key-managers/built-in.ts';
import { Browser } from '../support/browser.ts';
import {
  type AuthorizationServer,
  addSubscribedApplication,
  startAuthorizationServer,
} from './authorization-server.ts';

const redirectUri = 'https://client.example/cb';

for (const signingAlgorithm of ['RS256', 'ES256', 'EdDSA'] as const) {
  for (const tokenType of ['JWT', 'OPAQUE'] as const) {
    test(`openid-client: code with PKCE, id token by ${signingAlgorithm}, user info, refresh, with ${tokenType}`, async () => {
      await using server = await startAuthorizationServer({ options: { signingAlgorithm } });
      await server.km.users.create({ name: 'mary', password: 'marys', roles: [] });
      const key = await addSubscribedApplication(server, tokenType);
      const config = await discover(server, key, signingAlgorithm);
      const checks = await newChecks();
      const browser = new Browser(server.url);
      await browser.go(authorizationUrl(config, checks, { scope: 'openid read' }));
      assert.match(browser.page?.text ?? '', /<h1>Log in<\/h1>/);
      await browser.submit({ username: 'mary', password: 'marys' });
      assert.match(browser.page?.text ?? '', /<strong>mary<\/strong>/);
      const back = await browser.submit({ decision: 'agree' });
      const tokens = await client.authorizationCodeGrant(config, new URL(back), checks);
      const claims = tokens.claims();
      assert.equal(claims?.sub, 'mary@carbon.super');
      assert.equal(tokens.scope, 'openid read');
      const info = await client.fetchUserInfo(config, tokens.access_token, claims?.sub as string);
      assert.deepEqual(info, { sub: 'mary@carbon.super' });
      const next = await client.refreshTokenGrant(config, tokens.refresh_token as string);
      assert.equal(next.claims()?.sid, claims?.sid);
      assert.equal(next.claims()?.auth_time, claims?.auth_time);

      // Neither asked again, nor to agree again.
      const again = await newChecks();
      const second = await browser.go(authorizationUrl(config, again, { scope: 'openid read', prompt: 'none' }));
      const more = await client.authorizationCodeGrant(config, new URL(second), again);
      assert.equal(more.claims()?.sid, claims?.sid);
    });
  }
}

for (const asked of ['RS256', 'PS256', 'ES256', 'EdDSA'] as const) {
  test(`openid-client: the client gets id tokens signed with ${asked}, as it registered, whatever signs access tokens`, async () => {
    const otherAlgorithms = ['RS256', 'PS256', 'EdDSA'];
    await using server = await startAuthorizationServer({ options: { signingAlgorithm: 'ES256', otherAlgorithms } });
    await server.km.users.create({ name: 'mary', password: 'marys', roles: [] });
    const key = await addSubscribedApplication(server);
    await server.store.db
      .updateTable('clients')
      .set({ metadata: JSON.stringify({ id_token_signed_response_alg: asked }) })
      .where('consumer_key', '=', key.consumerKey)
      .execute();
    const config = await discover(server, key, asked);
    assert.ok(config.serverMetadata().id_token_signing_alg_values_supported?.includes(asked));
    client.enableNonRepudiationChecks(config);
    const checks = await newChecks();
    const browser = new Browser(server.url);
    await browser.go(authorizationUrl(config, checks, { scope: 'openid' }));
    await browser.submit({ username: 'mary', password: 'marys' });
    const back = await browser.submit({ decision: 'agree' });
    const tokens = await client.authorizationCodeGrant(config, new URL(back), checks);
    assert.equal(tokens.claims()?.sub, 'mary@carbon.super');
    assert.equal(decodeProtectedHeader(tokens.access_token).alg, 'ES256');
  });
}

type Checks = Awaited<ReturnType<typeof newChecks>>;

async function newChecks() {
  return {
    pkceCodeVerifier: client.randomPKCECodeVerifier(),
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
    idTokenExpected: true,
  };
}

async function discover(server: AuthorizationServer, key: ConsumerKey, algorithm: string) {
  const metadata = { client_secret: key.consumerSecret, id_token_signed_response_alg: algorithm };
  return client.discovery(new URL(server.issuer), key.consumerKey, metadata, undefined, {
    execute: [client.allowInsecureRequests],
  });
}

function authorizationUrl(config: client.Configuration, checks: Checks, parameters: Record<string, string>): URL {
  return client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    code_challenge: createHash('sha256').update(checks.pkceCodeVerifier).digest('base64url'),
    code_challenge_method: 'S256',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    ...parameters,
  });
}
