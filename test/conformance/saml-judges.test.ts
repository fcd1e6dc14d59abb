/** Assertions for service providers, with a service provider by others than us as the judge (node-saml). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { saml2Bearer } from '../../src/core/saml.ts';
import { addClient } from './authorization-server.ts';
import { form } from './saml.ts';
import {
  addServiceProvider,
  assertionIn,
  delivery,
  foreignProvider,
  logInAt,
  profileOf,
  requestUrl,
  startProvider,
  xmlOf,
} from './service-provider.ts';

test('node-saml: a browser comes with a request, its user logs in, and the service provider believes who he is', async () => {
  await using server = await startProvider();
  const provider = await addServiceProvider(server);
  const saml = await foreignProvider(server, provider);
  const browser = await logInAt(server, await requestUrl(saml));
  const answer = delivery(browser);
  assert.equal(answer.RelayState, 'where he was');
  const profile = await profileOf(saml, answer);
  assert.deepEqual([profile.nameID, profile.issuer], ['mary', `${server.url}/samlsso/metadata`]);
  assert.match(profile.sessionIndex ?? '', /^[\w-]{36}$/);
});

test('node-saml: the token endpoint exchanges its assertion for a token of that user', async () => {
  await using server = await startProvider();
  const tokenUrl = `${server.url}/oauth2/token`;
  const provider = await addServiceProvider(server, { audiences: [tokenUrl], recipients: [tokenUrl] });
  const saml = await foreignProvider(server, provider);
  const answer = delivery(await logInAt(server, await requestUrl(saml)));
  await profileOf(saml, answer);
  const client = await addClient(server, { grantTypes: [saml2Bearer, 'refresh_token'] });
  const exchanged = await server.post('/oauth2/token', form(assertionIn(xmlOf(answer))), client);
  assert.equal(exchanged.status, 200, exchanged.text);
  const [, claims = ''] = exchanged.json.access_token.split('.');
  assert.equal(JSON.parse(Buffer.from(claims, 'base64url').toString()).sub, 'mary@carbon.super');
});
