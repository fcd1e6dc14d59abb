/** Log-in through an identity provider of SAML 2.0, from the button to the token, and attacks on what lies between. */
import assert from 'node:assert/strict';
import { verify, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { findFederatedUser } from '../../src/adapters/stores/federated-users.ts';
import {
  deleteIdentityProvider,
  insertIdentityProvider,
  updateIdentityProvider,
} from '../../src/adapters/stores/identity-providers.ts';
import { readForm } from '../../src/control-plane/services/identity-providers/read-form.ts';
import { samlDefaults } from '../../src/core/identity-provider.ts';
import { Browser } from '../support/browser.ts';
import { addSubscribedApplication, startAuthorizationServer } from './authorization-server.ts';
import { answerIn, claimsOf, exchange, requestUrl, userInfo } from './code-flow.ts';
import {
  answerTo,
  bring,
  logInAtCampus,
  readRequest,
  type SamlFederation,
  sendAway,
  startSamlFederation,
} from './saml-log-in.ts';
import { addServiceProvider, startProvider } from './service-provider.ts';

const text = ({ page }: Browser): string => page?.text ?? '';

/** The page for the log-in again, with a word on what was wrong. */
function refused(browser: Browser, why: RegExp, status = 403): void {
  assert.equal(browser.page?.status, status, text(browser));
  assert.match(text(browser).replaceAll('&#39;', "'"), why);
  assert.equal(browser.cookies.get('__Host-postern-session'), undefined);
}

async function tokens({ server, client }: Pick<SamlFederation, 'server' | 'client'>, browser: Browser) {
  assert.match(text(browser), /value="agree"/, text(browser));
  const back = await browser.submit({ decision: 'agree' });
  const answer = await exchange(server, client, answerIn(back).get('code') as string);
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

test('who logs in there gets tokens for a federated user, with roles, claims and amr as mapped', async () => {
  await using federation = await startSamlFederation({ roles: { staff: ['editor'] }, claims: { mail: 'email' } });
  const { browser } = await logInAtCampus(
    federation,
    {
      attributes: [
        ['http://wso2.org/claims/role', ['staff,other']],
        ['mail', ['jane@campus.example']],
      ],
      change: (xml) => xml.replace('classes:unspecified', 'classes:PasswordProtectedTransport'),
    },
    undefined,
    { scope: 'openid read update email', nonce: 'n' },
  );
  const { access_token, id_token, scope } = await tokens(federation, browser);
  const sub = 'FEDERATED:campus/jane@carbon.super';
  const claims = claimsOf(id_token);
  assert.deepEqual([claims.sub, claims.amr, claims.nonce], [sub, ['pwd'], 'n']);
  assert.match(scope, /\bupdate\b/);
  assert.deepEqual(await userInfo(federation.server, access_token), { sub, email: 'jane@campus.example' });
});

test('the request goes to the provider by HTTP-Redirect, its own query kept', async () => {
  await using federation = await startSamlFederation();
  const { server, consumer } = federation;
  const { sent } = await sendAway(federation);
  assert.equal(sent.address.searchParams.get('realm'), 'a b');
  assert.ok(sent.relayState.length <= 80);
  assert.match(sent.id, /^[A-Za-z_][\w.-]{20,}$/);
  for (const part of [
    '<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"',
    'Version="2.0"',
    `Destination="https://idp.example/sso?realm=a%20b"`,
    'ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"',
    `AssertionConsumerServiceURL="${consumer}"`,
    `<saml:Issuer>${server.url}/oauth2/saml/metadata</saml:Issuer>`,
    '<samlp:NameIDPolicy AllowCreate="true">',
  ]) {
    assert.ok(sent.xml.includes(part), `${part} in ${sent.xml}`);
  }
  assert.doesNotMatch(sent.xml, /ForceAuthn/);
});

test('prompt=login asks the provider to ask again, and a log-in of before is refused', async () => {
  await using federation = await startSamlFederation();
  const parameters = { scope: 'openid', prompt: 'login' };
  const { browser, sent } = await sendAway(federation, undefined, parameters);
  assert.match(sent.xml, / ForceAuthn="true"/);
  const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
  const old = (xml: string) => xml.replace(/AuthnInstant="[^"]*"/, `AuthnInstant="${hourAgo}"`);
  await bring(federation, browser, await answerTo(federation, sent, { change: old }), sent);
  refused(browser, /log in anew/);
  const again = await logInAtCampus(federation, {}, undefined, parameters);
  assert.match(text(again.browser), /value="agree"/);
});

test('who is somebody else than the one that is logged in is asked there once more', async () => {
  await using federation = await startSamlFederation();
  const { browser } = await logInAtCampus(federation);
  await browser.submit({ show: 'somebody-else' }, /Not jane/);
  const address = new URL(await browser.submit({ provider: 'campus' }, /log-in-at"/));
  assert.match(readRequest(address).xml, / ForceAuthn="true"/);
});

test('auth_time is when the user logged in there, and max_age goes by it', async () => {
  await using federation = await startSamlFederation();
  const at = Date.now() - 600_000;
  const old = (xml: string) => xml.replace(/AuthnInstant="[^"]*"/, `AuthnInstant="${new Date(at).toISOString()}"`);
  const { browser } = await logInAtCampus(federation, { change: old });
  assert.equal(claimsOf((await tokens(federation, browser)).id_token).auth_time, Math.floor(at / 1000));
  const { sent } = await sendAway(federation, undefined, { scope: 'openid', max_age: '300' });
  assert.match(sent.xml, / ForceAuthn="true"/);
  const late = await logInAtCampus(federation, { change: old }, undefined, { scope: 'openid', max_age: '300' });
  refused(late.browser, /log in anew/);
});

test('the session ends when the provider says, and with it the log-in', async () => {
  let now = Date.now();
  await using federation = await startSamlFederation({}, { clock: { now: () => now, elapsed: () => now } });
  const { server, client } = federation;
  const end = (xml: string) =>
    xml.replace(' AuthnInstant', ` SessionNotOnOrAfter="${new Date(now + 900_000).toISOString()}" AuthnInstant`);
  const { browser } = await logInAtCampus(federation, { change: end });
  await tokens(federation, browser);
  now += 899_000;
  assert.match(await browser.go(requestUrl(server, client, { scope: 'openid' })), /code=/);
  now += 2000;
  await browser.go(requestUrl(server, client, { scope: 'openid' }));
  assert.match(text(browser), /Log in with/);
});

test('the user of that name who has an account here is that user, unless localAccounts is off', async () => {
  await using federation = await startSamlFederation();
  await federation.server.km.users.create({ name: 'jane', password: 'janes', roles: ['editor'] });
  const { browser } = await logInAtCampus(federation);
  const { id_token } = await tokens(federation, browser);
  assert.equal(claimsOf(id_token).sub, 'jane@carbon.super');

  await using strict = await startSamlFederation({ localAccounts: false });
  // There is a user admin.
  const other = await logInAtCampus(strict, { name: 'admin' });
  assert.equal(claimsOf((await tokens(strict, other.browser)).id_token).sub, 'FEDERATED:campus/admin@carbon.super');
});

test('403 when a response is brought again, to the same request or to the next', async () => {
  await using federation = await startSamlFederation();
  const { browser, sent } = await sendAway(federation);
  const away = browser.cookies.get('__Host-postern-away') as string;
  const xml = await answerTo(federation, sent);
  await bring(federation, browser, xml, sent);
  assert.match(text(browser), /value="agree"/);
  // Its cookie is gone ...
  await bring(federation, browser, xml, sent);
  assert.equal(browser.page?.status, 400);
  // ... and where it was kept, the assertion is used up.
  const body = new URLSearchParams({ SAMLResponse: Buffer.from(xml).toString('base64'), RelayState: sent.relayState });
  const replay = await fetch(federation.consumer, {
    ...{ method: 'POST', body, redirect: 'manual' },
    headers: { cookie: `__Host-postern-away=${away}` },
  });
  assert.equal(replay.status, 403);
  assert.equal(
    replay.headers.getSetCookie().some((cookie) => cookie.startsWith('__Host-postern-session')),
    false,
  );
  const next = await sendAway(federation);
  await bring(federation, next.browser, xml, next.sent);
  refused(next.browser, /InResponseTo/);
});

test('400 when the response is brought by another browser, or by one that asked for nothing', async () => {
  await using federation = await startSamlFederation();
  const mallory = await sendAway(federation);
  const xml = await answerTo(federation, mallory.sent, { name: 'mallory' });
  const stranger = new Browser(federation.server.url);
  await bring(federation, stranger, xml, mallory.sent);
  refused(stranger, /begun in this browser/, 400);
  const { browser, sent } = await sendAway(federation);
  await bring(federation, browser, xml, mallory.sent);
  refused(browser, /begun in this browser/, 400);
  const again = await sendAway(federation);
  await bring(federation, again.browser, xml, again.sent);
  refused(again.browser, /InResponseTo/);
  assert.notEqual(sent.relayState, again.sent.relayState);
});

test('403 when another provider answers, which is registered too', async () => {
  await using federation = await startSamlFederation();
  await using other = await startSamlFederation({ name: 'other' });
  const { browser, sent } = await sendAway(federation);
  const xml = await answerTo({ ...federation, idp: other.idp }, sent, { name: 'admin' });
  await bring(federation, browser, xml, sent);
  refused(browser, /signature|Issuer/);
});

for (const [what, change] of [
  ['switched off', { enabled: false }],
  ['no longer for log-ins', { logIn: false }],
  ['given other certificates', { certificates: [] }],
] as const) {
  test(`403 when the provider is ${what} meanwhile`, async () => {
    await using federation = await startSamlFederation();
    const { server, idp } = federation;
    const { browser, sent } = await sendAway(federation);
    const xml = await answerTo(federation, sent);
    await server.store.transaction((tx) => updateIdentityProvider(tx, { ...idp.provider, ...change }));
    await bring(federation, browser, xml, sent);
    refused(browser, /asked|log-in is refused/);
  });
}

test('403 when the provider is removed meanwhile', async () => {
  await using federation = await startSamlFederation();
  const { browser, sent } = await sendAway(federation);
  const xml = await answerTo(federation, sent);
  await federation.server.store.transaction((tx) => deleteIdentityProvider(tx, federation.idp.provider.id));
  await bring(federation, browser, xml, sent);
  refused(browser, /asked/);
});

test('who is not let in there can log in another way here, and reads why', async () => {
  await using federation = await startSamlFederation({ description: 'the campus' });
  const { browser, sent } = await sendAway(federation);
  const failed = (await answerTo(federation, sent))
    .replace(
      'status:Success"/>',
      'status:Responder"><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"/></samlp:StatusCode>',
    )
    .replace(/<saml:Assertion.*<\/saml:Assertion>/s, '');
  await bring(federation, browser, failed, sent);
  refused(browser, /The campus did not let you in: it could not tell who you are \(AuthnFailed\)/);
  await federation.server.km.users.create({ name: 'mary', password: 'marys', roles: [] });
  await browser.submit({ username: 'mary', password: 'marys' });
  assert.match(text(browser), /value="agree"/);
});

test('our metadata say how we are called and where responses go', async () => {
  await using federation = await startSamlFederation({ serviceProviderEntityId: 'urn:postern' });
  const { server, consumer } = federation;
  const answer = await fetch(`${server.url}/oauth2/saml/metadata`);
  assert.equal(answer.headers.get('content-type')?.split(';')[0], 'application/samlmetadata+xml');
  const xml = await answer.text();
  assert.ok(xml.includes(`entityID="${server.url}/oauth2/saml/metadata"`), xml);
  assert.match(xml, new RegExp(`<md:AssertionConsumerService [^>]*HTTP-POST" Location="${consumer}"`));
  const named = await fetch(`${server.url}/oauth2/saml/metadata?provider=campus`);
  assert.match(await named.text(), /entityID="urn:postern"/);
  assert.equal((await fetch(`${server.url}/oauth2/saml/metadata?provider=nobody`)).status, 404);
});

test('a request is signed where the provider wants it, by a key that is in our metadata', async () => {
  const saml2 = { ...samlDefaults, signRequests: true };
  await using federation = await startSamlFederation({ saml2 }, { options: { otherAlgorithms: ['RS256'] } });
  const { sent } = await sendAway(federation);
  const [signed = '', signature = ''] = sent.address.search.slice(1).split('&Signature=');
  const metadata = await (await fetch(`${federation.server.url}/oauth2/saml/metadata?provider=campus`)).text();
  assert.match(metadata, / AuthnRequestsSigned="true"/);
  const der = /<ds:X509Certificate>([^<]*)</.exec(metadata)?.[1] ?? '';
  const { publicKey } = new X509Certificate(Buffer.from(der, 'base64'));
  // The query of the provider's own address is not signed.
  const message = Buffer.from(signed.slice(signed.indexOf('SAMLRequest=')));
  assert.match(String(message), /^SAMLRequest=[^&]*&RelayState=[^&]*&SigAlg=[^&]*rsa-sha256$/);
  assert.ok(verify('sha256', message, publicKey, Buffer.from(decodeURIComponent(signature), 'base64')));
});

test('two Posterns: users of one log in at the other by SAML, with roles and claims', async () => {
  await using elsewhere = await startProvider({ host: 'localhost' });
  await using server = await startAuthorizationServer();
  const client = await addSubscribedApplication(server);
  const metadata = await (await fetch(`${elsewhere.url}/samlsso/metadata`)).text();
  const given = { name: 'friends', metadata, logIn: true, roleAttribute: 'groups', roles: { editor: ['author'] } };
  const of = { id: 'friends', tenant: 'carbon.super' };
  const provider = await readForm({ ...given, localAccounts: false }, of, server.seal);
  await server.store.transaction((tx) => insertIdentityProvider(tx, provider));
  const entityId = `${server.url}/oauth2/saml/metadata`;
  const consumerUrls = [`${server.url}/oauth2/log-in-at/saml`];
  await addServiceProvider(elsewhere, { entityId, consumerUrls, roleAttribute: 'groups' });
  const browser = new Browser(server.url, elsewhere.url);
  await browser.go(requestUrl(server, client, { scope: 'openid' }));
  await browser.submit({ provider: 'friends' }, /log-in-at"/);
  await browser.submit({ username: 'mary', password: 'marys' });
  await browser.submit({}, /SAMLResponse/);
  const { id_token } = await tokens({ server, client }, browser);
  const { sub, amr } = claimsOf(id_token);
  assert.deepEqual([sub, amr], ['FEDERATED:friends/mary@carbon.super', ['pwd']]);
  const user = await findFederatedUser(server.store.db, sub);
  assert.deepEqual(user?.roles, ['author']);
});
