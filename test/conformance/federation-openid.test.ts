/** Log-in through a provider of OpenID Connect, which is another Postern: what its users have here, and how that ends. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { updateClient } from '../../src/adapters/stores/clients.ts';
import { findFederatedUser } from '../../src/adapters/stores/federated-users.ts';
import {
  addIdentityProvider,
  removeIdentityProvider,
} from '../../src/control-plane/services/identity-providers/identity-providers.ts';
import type { IdentityProvider, OpenIdClient } from '../../src/core/identity-provider.ts';
import { sweepOnce } from '../../src/key-manager/sweep.ts';
import { ManualClock, systemClock } from '../../src/platform/clock.ts';
import type { Browser } from '../support/browser.ts';
import type { Answer, AuthorizationServer } from './authorization-server.ts';
import { answerIn, claimsOf, exchange, isActive, redirectUri, refused, requestUrl, userInfo } from './code-flow.ts';
import {
  changeProvider,
  type Federation,
  logInElsewhere,
  logInThere,
  newBrowser,
  startFederation,
} from './federation.ts';

type Changes = Partial<IdentityProvider>;

const text = ({ page }: Browser): string => page?.text.replace(/^[\s\S]*<main[^>]*>/, '') ?? '';
const subject = 'FEDERATED:corp/mary@carbon.super@carbon.super';

/** Tokens of who logs in elsewhere. */
async function tokensOf(
  federation: Federation,
  scope = 'openid read profile email',
): Promise<{ browser: Browser; json: Answer['json'] }> {
  const { browser, at } = await logInElsewhere(federation, undefined, { scope, prompt: 'consent' });
  assert.match(text(browser), /value="agree"/, at);
  const back = await browser.submit({ decision: 'agree' });
  const { status, json } = await exchange(federation.server, federation.client, answerIn(back).get('code') as string);
  assert.equal(status, 200);
  return { browser, json };
}

const refresh = ({ server, client }: Federation, refresh_token: string): Promise<Answer> =>
  server.post('/oauth2/token', { grant_type: 'refresh_token', refresh_token }, client);

test('who logs in elsewhere has tokens with scopes by mapped roles, an id token with amr, and claims in user info', async () => {
  await using federation = await startFederation(
    { options: { rolesClaim: 'groups' } },
    { roles: { staff: ['editor'] }, claims: { preferred_username: 'nickname', sub: 'groups' } },
    { options: { rolesClaim: 'roles' } },
  );
  const { json } = await tokensOf(federation, 'openid profile update');
  assert.equal(json.scope, 'openid profile update');
  const { sub, amr, groups } = claimsOf(json.id_token);
  assert.deepEqual({ sub, amr, groups }, { sub: subject, amr: ['pwd'], groups: ['editor'] });
  const said = { sub: subject, preferred_username: 'mary@carbon.super', nickname: 'mary', groups: ['editor'] };
  assert.deepEqual(await userInfo(federation.server, json.access_token), said);
  const renewed = await refresh(federation, json.refresh_token);
  assert.deepEqual([renewed.status, renewed.json.scope], [200, 'openid profile update']);
  assert.equal(claimsOf(renewed.json.id_token).sub, subject);
});

test('who logs in elsewhere is the user of that name here, with his own roles, where the provider speaks for accounts', async () => {
  await using federation = await startFederation(
    {},
    { localAccounts: true, roles: { staff: ['editor'] }, oidc: { nameClaim: 'preferred_username' } },
    { options: { rolesClaim: 'roles' } },
  );
  await federation.server.km.users.create({ name: 'mary', password: 'other', roles: [] });
  const { json } = await tokensOf(federation, 'openid update');
  assert.deepEqual([claimsOf(json.id_token).sub, json.scope], ['mary@carbon.super', 'openid']);
  assert.equal(await findFederatedUser(federation.server.store.db, subject), null);
});

test('the account page, the log-out and a second application serve him as anybody, and show no field for a password', async () => {
  await using federation = await startFederation();
  const { server, client } = federation;
  const { browser, json } = await tokensOf(federation);
  await browser.go(`${server.url}/oauth2/account`);
  assert.match(text(browser), /You are logged in as <strong>mary \(corp\)<\/strong>/);
  assert.match(text(browser), /DefaultApplication/);
  assert.doesNotMatch(text(browser), /type="password"/);
  // Single sign-on: he is asked for nothing.
  assert.ok(answerIn(await browser.go(requestUrl(server, client, { scope: 'openid read' }))).get('code'));
  await browser.go(`${server.url}/oidc/logout?id_token_hint=${json.id_token}`);
  assert.match(text(browser), /You are logged out/);
  assert.equal(await isActive(server, client, json.access_token), false);
  refused(await refresh(federation, json.refresh_token), 'invalid_grant');
});

test('a session of the log-in elsewhere is another one than the one before, which ends', async () => {
  await using federation = await startFederation();
  const { server, client } = federation;
  await server.km.users.create({ name: 'paul', password: 'pauls', roles: [] });
  const browser = newBrowser(federation);
  await browser.go(requestUrl(server, client, { scope: 'openid' }));
  await browser.submit({ username: 'paul', password: 'pauls' });
  const { json } = await exchange(
    server,
    client,
    answerIn(await browser.submit({ decision: 'agree' })).get('code') as string,
  );
  assert.equal(await isActive(server, client, json.access_token), true);
  const fixed = browser.cookies.get('__Host-postern-session');
  await logInElsewhere(federation, browser, { prompt: 'login' });
  assert.match(text(browser), /mary \(corp\)/);
  assert.notEqual(browser.cookies.get('__Host-postern-session'), fixed);
  assert.equal(await isActive(server, client, json.access_token), false);
});

test('prompt=login has the user log in there once more, and then here nothing is asked again', async () => {
  await using federation = await startFederation();
  const { server, client } = federation;
  const { browser } = await tokensOf(federation);
  await browser.go(requestUrl(server, client, { scope: 'openid read', prompt: 'login', max_age: '0' }));
  await browser.submit({ provider: 'corp' }, /log-in-at"/);
  assert.match(browser.page?.url ?? '', /^http:\/\/localhost.+prompt=login&max_age=0/);
  assert.ok(answerIn(await logInThere(browser)).get('code'));
});

test('who is somebody else than the one that is logged in is asked there once more', async () => {
  await using federation = await startFederation();
  const { browser } = await tokensOf(federation);
  await browser.go(requestUrl(federation.server, federation.client, { prompt: 'consent' }));
  await browser.submit({ show: 'somebody-else' }, /Not mary/);
  await browser.submit({ provider: 'corp' }, /log-in-at"/);
  assert.match(browser.page?.url ?? '', /^http:\/\/localhost.+prompt=login/);
});

test('a device is let in by who logs in elsewhere', async () => {
  await using federation = await startFederation();
  const { server, client } = federation;
  const begun = await server.post('/oauth2/device_authorization', { scope: 'openid' }, client);
  const browser = newBrowser(federation);
  await browser.go(begun.json.verification_uri_complete);
  await browser.submit({ provider: 'corp' }, /log-in-at"/);
  await logInThere(browser);
  assert.match(text(browser), /mary \(corp\)[\s\S]*the device may/);
  await browser.submit({ decision: 'agree' });
  const form = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: begun.json.device_code };
  const { status, json } = await server.post('/oauth2/token', form, client);
  assert.deepEqual([status, claimsOf(json.id_token).sub], [200, subject]);
});

test('a session goes on where its user shows his password, and still ends with the provider that it began with', async () => {
  await using federation = await startFederation(
    {},
    { localAccounts: true, oidc: { nameClaim: 'preferred_username' } },
  );
  const { server, client } = federation;
  await server.km.users.create({ name: 'mary', password: 'other', roles: [] });
  const { browser, json } = await tokensOf(federation, 'openid');
  await browser.go(requestUrl(server, client, { scope: 'openid', prompt: 'login' }));
  const back = await browser.submit({ username: 'mary', password: 'other' });
  const later = (await exchange(server, client, answerIn(back).get('code') as string)).json;
  assert.equal(claimsOf(later.id_token).sid, claimsOf(json.id_token).sid);
  await remove(server, federation.provider);
  assert.equal(await isActive(server, client, json.access_token), false);
  await browser.go(`${server.url}/oauth2/account`);
  assert.match(text(browser), /name="password"/);
});

test('a device that was let in gets nothing once the session has ended in which it was', async () => {
  await using federation = await startFederation(
    {},
    { localAccounts: true, oidc: { nameClaim: 'preferred_username' } },
  );
  const { server, client } = federation;
  await server.km.users.create({ name: 'mary', password: 'other', roles: [] });
  const begun = await server.post('/oauth2/device_authorization', { scope: 'openid' }, client);
  const browser = newBrowser(federation);
  await browser.go(begun.json.verification_uri_complete);
  await browser.submit({ provider: 'corp' }, /log-in-at"/);
  await logInThere(browser);
  await browser.submit({ decision: 'agree' });
  await remove(server, federation.provider);
  const form = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: begun.json.device_code };
  refused(await server.post('/oauth2/token', form, client), 'access_denied');
});

test('a request that was pushed goes on after a log-in elsewhere, and says there what it has asked', async () => {
  await using federation = await startFederation();
  const { server, client } = federation;
  const pushed = await server.post(
    '/oauth2/par',
    {
      response_type: 'code',
      redirect_uri: redirectUri,
      scope: 'openid',
      prompt: 'login',
      login_hint: 'mary',
      state: 's',
    },
    client,
  );
  assert.equal(pushed.status, 201);
  const browser = newBrowser(federation);
  const query = { client_id: client.consumerKey, request_uri: pushed.json.request_uri };
  await browser.go(`${server.url}/oauth2/authorize?${new URLSearchParams(query)}`);
  await browser.submit({ provider: 'corp' }, /log-in-at"/);
  assert.match(browser.page?.url ?? '', /prompt=login&max_age=0&login_hint=mary/);
  await logInThere(browser);
  const answer = answerIn(await browser.submit({ decision: 'agree' }));
  assert.deepEqual([answer.get('state'), answer.has('code')], ['s', true]);
});

test('400 on the page for a request that is longer than a browser remembers', async () => {
  await using federation = await startFederation();
  const { server, client } = federation;
  const browser = newBrowser(federation);
  await browser.go(requestUrl(server, client, { state: 'x'.repeat(3000) }));
  await browser.submit({ provider: 'corp' }, /log-in-at"/);
  assert.equal(browser.page?.status, 400);
  assert.match(text(browser), /too long to be remembered by the browser; it can push it \(RFC 9126\)/);
  await browser.go(requestUrl(server, client, { state: 'x'.repeat(1500) }));
  await browser.submit({ provider: 'corp' }, /log-in-at"/);
  assert.match(browser.page?.url ?? '', /^http:\/\/localhost/);
});

test('a page of the installation for the log-in sends browsers to a provider, and no other page does', async () => {
  const logInUrl = 'https://log-in.example/';
  await using federation = await startFederation({ pages: { logInUrl } });
  const { server, client } = federation;
  const browser = newBrowser(federation);
  const sent = new URL(await browser.go(requestUrl(server, client, { scope: 'openid', prompt: 'login' })));
  assert.equal(sent.origin, 'https://log-in.example');
  const form = { interaction: sent.searchParams.get('interaction') ?? '', provider: 'corp' };
  const send = (origin: string) =>
    browser.go(`${server.url}/oauth2/log-in-at`, {
      method: 'POST',
      headers: { origin },
      body: new URLSearchParams(form),
    });
  await send('https://evil.example');
  assert.equal(browser.page?.status, 403);
  await send('https://log-in.example');
  assert.match(browser.page?.url ?? '', /^http:\/\/localhost.+prompt=login&max_age=0/);
  await logInThere(browser);
  assert.match(text(browser), /mary \(corp\)/);
});

test('a provider may have any name: its address of ours is written for URLs', async () => {
  await using federation = await startFederation({}, { name: 'Käse & Co 50%' });
  const { browser } = await logInElsewhere(federation);
  assert.match(text(browser), /You are logged in as <strong>mary \(Käse &#38; Co 50%\)<\/strong>/);
});

const add = ({ store }: AuthorizationServer, provider: IdentityProvider) =>
  store.transaction((tx) => addIdentityProvider(tx, { clock: systemClock }, provider, 'admin'));

const remove = ({ store }: AuthorizationServer, provider: IdentityProvider) =>
  store.transaction((tx) => removeIdentityProvider(tx, { clock: systemClock }, provider, 'admin'));

const ends: Readonly<Record<string, (federation: Federation) => Promise<unknown>>> = {
  'switched off': ({ server, provider }) => changeProvider(server, provider, { enabled: false }),
  'offered no more': ({ server, provider }) => changeProvider(server, provider, { logIn: false }),
  removed: ({ server, provider }) => remove(server, provider),
};

for (const [what, end] of Object.entries(ends)) {
  for (const localAccounts of [false, true]) {
    const whose = localAccounts ? 'users of accounts here' : 'federated users';
    test(`a provider that is ${what} takes sessions and tokens of ${whose} with it, those for when they are away too`, async () => {
      await using federation = await startFederation({}, { localAccounts, oidc: { nameClaim: 'preferred_username' } });
      const { server, client } = federation;
      if (localAccounts) await server.km.users.create({ name: 'mary', password: 'other', roles: [] });
      const away = await tokensOf(federation, 'openid offline_access');
      await away.browser.go(`${server.url}/oidc/logout?id_token_hint=${away.json.id_token}`);
      assert.equal(await isActive(server, client, away.json.access_token), true);
      const here = await tokensOf(federation, 'openid');
      await end(federation);
      for (const { json } of [away, here]) {
        assert.equal(await isActive(server, client, json.access_token), false);
        refused(await refresh(federation, json.refresh_token), 'invalid_grant');
      }
      await here.browser.go(`${server.url}/oauth2/account`);
      assert.match(text(here.browser), /name="password"/);
      assert.doesNotMatch(text(here.browser), /log-in-at/);
    });
  }
}

const otherUsers: Record<string, (server: AuthorizationServer, provider: IdentityProvider) => Promise<Changes>> = {
  'is another one under the name of one that was removed': async (server, provider) => {
    await remove(server, provider);
    await add(server, provider);
    return {};
  },
  'is registered under another issuer': async () => ({ entityId: 'https://elsewhere.example' }),
  'tells its users apart by another claim': async (_server, { oidc }) => ({
    oidc: { ...(oidc as OpenIdClient), nameClaim: 'email' },
  }),
};

for (const [how, toOthers] of Object.entries(otherUsers)) {
  test(`who is called like a former user has to agree for himself, where the provider ${how}`, async () => {
    await using federation = await startFederation();
    const { server, provider } = federation;
    const isAsked = async () => {
      const { browser } = await logInElsewhere(federation, undefined, { scope: 'openid' });
      return /value="agree"/.test(text(browser));
    };
    const neighbour = { ...provider, id: randomUUID(), name: 'Corp', entityId: 'https://neighbour.example' };
    await add(server, neighbour);
    await tokensOf(federation);
    assert.equal(await isAsked(), false);
    await remove(server, neighbour);
    const off = await changeProvider(server, provider, { enabled: false });
    await changeProvider(server, off, { enabled: true });
    assert.equal(await isAsked(), false, 'the same provider, believed again');
    // Also while it is switched off.
    const offAgain = await changeProvider(server, provider, { enabled: false });
    const changed = await changeProvider(server, offAgain, await toOthers(server, provider));
    await changeProvider(server, changed, provider);
    assert.equal(await isAsked(), true);
  });
}

test('409 for a provider under the name of a former one, as long as a user of that owns something', async () => {
  await using federation = await startFederation();
  const { server, client, provider } = federation;
  const another = (changes: Changes) =>
    add(server, { ...provider, id: randomUUID(), entityId: `urn:${randomUUID()}`, ...changes });
  const own = (owner: string) =>
    server.store.transaction((tx) => updateClient(tx, client.consumerKey, { owner }).then(() => {}));
  await own('FEDERATED:former/jane@carbon.super');
  await assert.rejects(another({ name: 'former' }), { status: 409, message: /change their owner first/ });
  await another({ name: 'form' });
  await another({ name: 'Former' });
  await own('admin@carbon.super');
  await another({ name: 'former' });
});

test('a change by which a provider is believed no less ends nothing', async () => {
  await using federation = await startFederation();
  const { server, client, provider } = federation;
  const { json } = await tokensOf(federation);
  await changeProvider(server, provider, { description: 'Corporate', roles: { staff: ['editor'] } });
  assert.equal(await isActive(server, client, json.access_token), true);
});

test('all that a federated user has is revoked by his name, and his session ends', async () => {
  await using federation = await startFederation();
  const { server, client } = federation;
  const { browser, json } = await tokensOf(federation);
  await server.km.revoker.revokeSubject(subject);
  assert.equal(await isActive(server, client, json.access_token), false);
  refused(await refresh(federation, json.refresh_token), 'invalid_grant');
  await browser.go(`${server.url}/oauth2/account`);
  assert.match(text(browser), /name="password"/);
});

test('what is known of a federated user stays as long as he has a refresh token, and goes a day after', async () => {
  const clock = new ManualClock(Date.now());
  const options = { refreshTokenValidity: 30 * 86_400 };
  await using federation = await startFederation({ clock, options });
  const { server } = federation;
  const { json } = await tokensOf(federation, 'openid offline_access');
  const sweepNow = (): Promise<void> => sweepOnce(server.store, Math.floor(clock.now() / 1000));
  clock.advance(20 * 86_400_000);
  await sweepNow();
  const renewed = await refresh(federation, json.refresh_token);
  assert.equal(renewed.status, 200, renewed.text);
  clock.advance(20 * 86_400_000);
  await sweepNow();
  assert.ok(await findFederatedUser(server.store.db, subject));
  clock.advance(11 * 86_400_000);
  await sweepNow();
  assert.equal(await findFederatedUser(server.store.db, subject), null);
});
