/** What a service provider was given here, at the token endpoint of here (RFC 7522): nobody has to register us with ourselves. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ConsumerKey } from '../../src/adapters/key-managers/built-in.ts';
import { updateServiceProvider } from '../../src/adapters/stores/service-providers.ts';
import {
  changeServiceProvider,
  removeServiceProvider,
} from '../../src/control-plane/services/service-providers/service-providers.ts';
import { saml2Bearer } from '../../src/core/saml.ts';
import type { ServiceProvider } from '../../src/core/service-provider.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { Browser } from '../support/browser.ts';
import { type Answer, type AuthorizationServer, addClient } from './authorization-server.ts';
import { claimsOf, isActive } from './code-flow.ts';
import { addOpenIdProvider, changeProvider } from './federation.ts';
import { startLyingProvider } from './lying-provider.ts';
import { addProvider, certified, content, form, sign } from './saml.ts';
import {
  addServiceProvider,
  assertionIn,
  delivery,
  logInAt,
  redirectUrl,
  requestXml,
  startProvider,
  xmlOf,
} from './service-provider.ts';

let server: AuthorizationServer;
let client: ConsumerKey;
let provider: ServiceProvider;
before(async () => {
  server = await startProvider();
  client = await addClient(server, { grantTypes: [saml2Bearer, 'refresh_token'] });
  const url = `${server.url}/oauth2/token`;
  provider = await addServiceProvider(server, { audiences: [url], recipients: [url], assertionValidity: 3600 });
});
after(() => server[Symbol.asyncDispose]());

/** A browser in which mary has just logged in, and the assertion that it brought. */
async function asserted(to = provider): Promise<{ browser: Browser; assertion: string }> {
  const browser = await logInAt(server, redirectUrl(server, requestXml(server, to)));
  return { browser, assertion: assertionIn(xmlOf(delivery(browser))) };
}

const exchange = (assertion: string): Promise<Answer> => server.post('/oauth2/token', form(assertion), client);

async function refused(assertion: string, why: RegExp): Promise<void> {
  const { status, json, text } = await exchange(assertion);
  assert.deepEqual([status, json?.error], [400, 'invalid_grant'], text);
  assert.match(json.error_description, why);
}

async function given(assertion: string): Promise<Answer['json']> {
  const { status, json, text } = await exchange(assertion);
  assert.equal(status, 200, text);
  return json;
}

test('200: a token of that user, as long as the assertion; 400 the second time', async () => {
  const { assertion } = await asserted();
  const ends = [...assertion.matchAll(/NotOnOrAfter="([^"]*)" Recipient/g)].map(([, end = '']) => Date.parse(end));
  const minutes = ends.map((end) => Math.round((end - Date.now()) / 60_000));
  assert.deepEqual(minutes, [5, 60], 'at the service provider, at the token endpoint');
  const tokens = await given(assertion);
  assert.equal(claimsOf(tokens.access_token).sub, 'mary@carbon.super');
  assert.ok(tokens.expires_in > 3500 && tokens.expires_in <= 3600, String(tokens.expires_in));
  await refused(assertion, /used already/);
});

test('with the session ends what its assertions were exchanged for, and none is exchanged any more: 400', async () => {
  const { browser, assertion } = await asserted();
  await browser.go(redirectUrl(server, requestXml(server, provider)));
  const later = assertionIn(xmlOf(delivery(browser)));
  const tokens = await given(assertion);
  assert.equal(await isActive(server, client, tokens.access_token), true);
  await browser.go(`${server.url}/oauth2/account`);
  await browser.submit({ action: 'log-out' }, /log-out/);
  assert.equal(await isActive(server, client, tokens.access_token), false);
  const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token };
  assert.equal((await server.post('/oauth2/token', refresh, client)).status, 400);
  await refused(later, /has logged out/);
});

test('an identity provider that is switched off takes with it what was exchanged in a session on its word, offline access too', async () => {
  await using elsewhere = await startLyingProvider();
  await using here = await startProvider({ host: 'localhost' });
  await here.km.users.create({ name: 'jane', password: 'janes', roles: [] });
  const trusted = await addOpenIdProvider(here, elsewhere, { localAccounts: true });
  const key = await addClient(here, { grantTypes: [saml2Bearer, 'refresh_token'] });
  const url = `${here.url}/oauth2/token`;
  const app = await addServiceProvider(here, { audiences: [url], recipients: [url], assertionValidity: 3600 });
  const browser = new Browser(here.url, elsewhere.issuer);
  await browser.go(redirectUrl(here, requestXml(here, app)));
  await browser.submit({ provider: 'corp' }, /log-in-at"/);
  const wanted = form(assertionIn(xmlOf(delivery(browser))), { scope: 'openid offline_access' });
  const { json: tokens } = await here.post('/oauth2/token', wanted, key);
  assert.equal(claimsOf(tokens.access_token).sub, 'jane@carbon.super');
  assert.deepEqual([typeof tokens.refresh_token, tokens.id_token], ['string', undefined]);
  assert.equal(await isActive(here, key, tokens.access_token), true);
  await changeProvider(here, trusted, { enabled: false });
  assert.equal(await isActive(here, key, tokens.access_token), false);
  const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token };
  assert.equal((await here.post('/oauth2/token', refresh, key)).status, 400);
});

test('400 for an assertion that its registration means for the service provider alone', async () => {
  const url = `${server.url}/oauth2/token`;
  const { assertion: alone } = await asserted(await addServiceProvider(server));
  await refused(alone, /the Recipient is another one/);
  const { assertion: elsewhere } = await asserted(await addServiceProvider(server, { recipients: [url] }));
  await refused(elsewhere, /AudienceRestriction/);
});

const changes: readonly [string, Partial<ServiceProvider>, RegExp][] = [
  ['is switched off', { enabled: false }, /no longer registered here and switched on/],
  ['has another entity id', { entityId: 'https://app.example/other' }, /no longer registered here and switched on/],
  ['is not meant for the endpoint any more', { audiences: [] }, /AudienceRestriction/],
  ['may not present it there any more', { recipients: [] }, /the Recipient is another one/],
];

for (const [how, change, why] of changes) {
  test(`400 for an assertion whose service provider ${how} since it got it`, async () => {
    const url = `${server.url}/oauth2/token`;
    const app = await addServiceProvider(server, { audiences: [url], recipients: [url] });
    const { assertion } = await asserted(app);
    await server.store.transaction((tx) => updateServiceProvider(tx, { ...app, ...change }));
    await refused(assertion, why);
    await server.store.transaction((tx) => updateServiceProvider(tx, app));
    await given(assertion);
  });
}

const lessMeant: readonly [string, Partial<ServiceProvider> | null, boolean][] = [
  ['is described otherwise', { description: 'another one' }, true],
  ['is switched off', { enabled: false }, false],
  ['is not meant for the endpoint any more', { audiences: [] }, false],
  ['may not present it there any more', { recipients: [] }, false],
  ['has another entity id', { entityId: 'https://app.example/renamed' }, false],
  ['is removed', null, false],
];

for (const [how, change, lasts] of lessMeant) {
  test(`what was exchanged ${lasts ? 'goes on' : 'ends'} when its service provider ${how}, and no other's does`, async () => {
    const url = `${server.url}/oauth2/token`;
    const app = await addServiceProvider(server, { audiences: [url], recipients: [url] });
    const tokens = await given((await asserted(app)).assertion);
    const others = await given((await asserted()).assertion);
    const deps = { clock: systemClock };
    await server.store.transaction((tx) =>
      change === null
        ? removeServiceProvider(tx, deps, app, 'admin')
        : changeServiceProvider(tx, deps, app, { ...app, ...change }, 'admin'),
    );
    assert.equal(await isActive(server, client, tokens.access_token), lasts);
    assert.equal(await isActive(server, client, others.access_token), true);
    const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token };
    assert.equal((await server.post('/oauth2/token', refresh, client)).status, lasts ? 200 : 400);
  });
}

test('400 for one that somebody else has signed in our name', async () => {
  const { assertion } = await asserted();
  const idp = await certified('rsa');
  const entityId = `${server.url}/samlsso/metadata`;
  const forged = await sign(idp, content({ provider: { entityId } } as never, server));
  await refused(forged, /signature is wrong/);
  await refused(assertion.replace('>mary<', '>admin<'), /signature is wrong/);
});

test('400 as long as we are registered with ourselves and switched off', async () => {
  const entityId = `${server.url}/samlsso/metadata`;
  const { assertion } = await asserted();
  const { provider: row } = await addProvider(server, { entityId, enabled: false });
  await refused(assertion, /no identity provider here/);
  await server.store.db.deleteFrom('identity_providers').where('id', '=', row.id).execute();
  await given(assertion);
});

test('400 once the key that signed it is revoked', async () => {
  const { assertion } = await asserted();
  const [key] = await server.km.signingKeys.list();
  await server.km.signingKeys.revoke(key?.kid as string, async () => {});
  await refused(assertion, /signature is wrong/);
  await given((await asserted()).assertion);
});
