/** Assertions for service providers, with a service provider by others than us as the judge (node-saml). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ValidateInResponseTo } from '@node-saml/node-saml';
import { ManualClock } from '../../src/platform/clock.ts';
import { Browser } from '../support/browser.ts';
import { type AuthorizationServer, startAuthorizationServer } from './authorization-server.ts';
import { certified } from './saml.ts';
import {
  addServiceProvider,
  consumerUrl,
  delivery,
  foreignProvider,
  logInAt,
  post,
  profileOf,
  requestUrl,
  startProvider,
  xmlOf,
} from './service-provider.ts';

test('node-saml: a browser comes with a request, its user logs in, and the service provider believes who he is', async () => {
  await using server = await startProvider();
  const provider = await addServiceProvider(server, { roleAttribute: 'role' });
  const saml = await foreignProvider(server, provider);
  const browser = await logInAt(server, await requestUrl(saml));
  const answer = delivery(browser);
  assert.equal(answer.RelayState, 'where he was');
  const profile = await profileOf(saml, answer);
  assert.deepEqual([profile.nameID, profile.issuer], ['mary', `${server.url}/samlsso/metadata`]);
  assert.deepEqual(profile.role, ['editor', 'reader']);

  // He is known at the next one, in the same session; an answer is good for one request.
  const other = await foreignProvider(server, await addServiceProvider(server));
  await browser.go(await requestUrl(other));
  const second = await profileOf(other, delivery(browser));
  assert.equal(second.sessionIndex, profile.sessionIndex);
  await assert.rejects(profileOf(saml, answer), /InResponseTo/);
  await assert.rejects(profileOf(saml, delivery(browser)), /InResponseTo|audience/i);
});

test('node-saml: what is changed on the way is not believed', async () => {
  await using server = await startProvider();
  const never = { validateInResponseTo: ValidateInResponseTo.never };
  const saml = await foreignProvider(server, await addServiceProvider(server), never);
  const answer = delivery(await logInAt(server, await requestUrl(saml)));
  for (const [from, to] of [
    ['>mary<', '>admin<'],
    ['Success', 'Responder'],
  ] as const) {
    const changed = Buffer.from(xmlOf(answer).replace(from, to)).toString('base64');
    await assert.rejects(profileOf(saml, { ...answer, SAMLResponse: changed }), /signature/i);
  }
  await profileOf(saml, answer);
});

test('node-saml: requests that are signed, by redirect and by form, and asking for a log-in each time', async () => {
  await using server = await startProvider();
  const { key, certificate } = await certified('rsa');
  const provider = await addServiceProvider(server, { certificates: [certificate], requireSignedRequests: true });
  const privateKey = key.export({ type: 'pkcs8', format: 'pem' }) as string;
  const signing = { privateKey, signatureAlgorithm: 'sha256', digestAlgorithm: 'sha256' } as const;
  const saml = await foreignProvider(server, provider, { ...signing, forceAuthn: true });
  // It writes a space in another way into the address than into what it signs.
  const browser = await logInAt(server, await requestUrl(saml, 'https://app.example/a?b=c&d'));
  assert.equal((await profileOf(saml, delivery(browser))).nameID, 'mary');
  // In forms the standard has requests as they are.
  const form = { authnRequestBinding: 'HTTP-POST', skipRequestCompression: true } as const;
  const posting = await foreignProvider(server, provider, { ...signing, ...form });
  const page = await posting.getAuthorizeFormAsync('');
  const request = /name="SAMLRequest" value="([^"]*)"/.exec(page)?.[1] ?? assert.fail(page);
  const { location } = await post(server, Buffer.from(request, 'base64').toString());
  await browser.go(location as string);
  assert.equal((await profileOf(posting, delivery(browser))).nameID, 'mary');
  const unsigned = await foreignProvider(server, provider);
  await browser.go(await requestUrl(unsigned));
  assert.equal(browser.page?.status, 400);
});

test('node-saml: nobody is asked where it wants no page, and it learns that nobody has logged in', async () => {
  await using server = await startProvider();
  const saml = await foreignProvider(server, await addServiceProvider(server), { passive: true });
  const browser = new Browser(server.url);
  await browser.go(await requestUrl(saml));
  const { profile } = await saml.validatePostResponseAsync({ ...delivery(browser) });
  assert.equal(profile, null);
  const certificates = await foreignProvider(server, await addServiceProvider(server), {
    authnContext: ['urn:oasis:names:tc:SAML:2.0:ac:classes:X509'],
  });
  await browser.go(await requestUrl(certificates));
  await browser.submit({ username: 'mary', password: 'marys' });
  await assert.rejects(profileOf(certificates, delivery(browser)), /Responder error: nobody logs in here in the way/);
});

test('node-saml: a log-in that began here', async () => {
  await using server = await startProvider();
  const provider = await addServiceProvider(server, { allowUnsolicited: true });
  const saml = await foreignProvider(server, provider, { validateInResponseTo: ValidateInResponseTo.ifPresent });
  const entityId = encodeURIComponent(provider.entityId);
  const browser = await logInAt(server, `${server.url}/samlsso?spEntityID=${entityId}&RelayState=page`);
  assert.equal((await profileOf(saml, delivery(browser))).nameID, 'mary');
});

const certificatesOf = async ({ url }: Pick<AuthorizationServer, 'url'>): Promise<string[]> => {
  const metadata = await (await fetch(`${url}/samlsso/metadata`)).text();
  return [...metadata.matchAll(/<ds:X509Certificate>([^<]+)</g)].map(([, text]) => text as string);
};

test('the next key is in the metadata before it signs; who has read them sees no change, and the old one goes after an hour', async () => {
  const clock = new ManualClock(Date.now());
  await using server = await startProvider({ clock });
  const [before = ''] = await certificatesOf(server);
  await server.km.signingKeys.rotate({ signsAfter: 30 }, async () => {});
  const both = await certificatesOf(server);
  assert.deepEqual([both.length, both[0]], [2, before]);
  const saml = await foreignProvider(server, await addServiceProvider(server), { acceptedClockSkewMs: 120_000 });
  const old = delivery(await logInAt(server, await requestUrl(saml)));
  clock.advance(40_000);
  const browser = await logInAt(server, await requestUrl(saml));
  const fresh = delivery(browser);
  const shown = (xml: string) => /<ds:X509Certificate>([^<]+)</.exec(xml)?.[1]?.replace(/\s/g, '');
  assert.deepEqual([shown(xmlOf(old)), shown(xmlOf(fresh))], [before, both[1]]);
  await profileOf(saml, old);
  await profileOf(saml, fresh);
  assert.deepEqual(await certificatesOf(server), [both[1], before]);
});

test('after a restart, and at another node, service providers meet the certificate that they know', async () => {
  const options = { signingAlgorithm: 'RS256', issuer: 'https://sso.example/oauth2/token' } as const;
  await using server = await startAuthorizationServer({ options });
  const known = await certificatesOf(server);
  assert.equal(known.length, 1);
  const { folder } = server;
  await using other = await startAuthorizationServer({ folder, options });
  assert.deepEqual(await certificatesOf(other), known);
  const metadata = await (await fetch(`${other.url}/samlsso/metadata`)).text();
  assert.match(metadata, /entityID="https:\/\/sso\.example\/samlsso\/metadata"/);
});

test('503 that says which option, where no key can sign for service providers', async () => {
  await using server = await startAuthorizationServer({ options: { signingAlgorithm: 'ES256' } });
  const answer = await fetch(`${server.url}/samlsso/metadata`);
  assert.equal(answer.status, 503);
  assert.match(await answer.text(), /tokens\.otherAlgorithms/);
});

test('400 half an hour after the browser was sent to an address at which a log-in goes on', async () => {
  const clock = new ManualClock(Date.now());
  await using server = await startProvider({ clock });
  const saml = await foreignProvider(server, await addServiceProvider(server));
  const browser = new Browser(server.url);
  await browser.go(await requestUrl(saml));
  clock.advance(1_799_000);
  await browser.submit({ username: 'mary', password: 'marys' });
  assert.equal(delivery(browser, consumerUrl).RelayState, 'where he was');
  const url = browser.page?.url as string;
  clock.advance(3000);
  await browser.go(url);
  assert.equal(browser.page?.status, 400);
});
