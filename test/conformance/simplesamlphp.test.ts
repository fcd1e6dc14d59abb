/** SimpleSAMLphp as the identity provider: its pages, its responses, and what each reads of the other's metadata. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { insertIdentityProvider } from '../../src/adapters/stores/identity-providers.ts';
import type { IdentityProviderForm } from '../../src/control-plane/services/identity-providers/form.ts';
import { readForm } from '../../src/control-plane/services/identity-providers/read-form.ts';
import { Browser } from '../support/browser.ts';
import { missing } from '../support/servers.ts';
import { nameIsUid, type SimpleSamlPhp, startSimpleSamlPhp } from '../support/simplesamlphp.ts';
import {
  type AuthorizationServer,
  addSubscribedApplication,
  startAuthorizationServer,
} from './authorization-server.ts';
import { answerIn, claimsOf, exchange, requestUrl, userInfo } from './code-flow.ts';

/**
 * A server of ours that has it by its metadata, and which it has by ours.
 * @param change of ours: what these ask for, it does
 */
async function startFederation(
  idp: SimpleSamlPhp,
  form: Partial<IdentityProviderForm> = {},
  change: (metadata: string) => string = (metadata) => metadata,
) {
  const server = await startAuthorizationServer({ options: { otherAlgorithms: ['RS256'] } });
  const client = await addSubscribedApplication(server);
  const given = { name: 'campus', metadata: await idp.metadata(), logIn: true, ...form };
  const provider = await readForm(given, { id: 'campus', tenant: 'carbon.super' }, server.seal);
  await server.store.transaction((tx) => insertIdentityProvider(tx, provider));
  idp.trust(change(await (await fetch(`${server.url}/oauth2/saml/metadata?provider=campus`)).text()));
  return { server, client, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const unsigned = (metadata: string): string => metadata.replace('WantAssertionsSigned="true"', '');

const text = ({ page }: Browser): string => page?.text ?? '';

/** To its page, through that, and back by the form that it shows to browsers without scripts. */
async function logIn(server: AuthorizationServer, browser: Browser, url: string): Promise<string> {
  await browser.go(url);
  await browser.submit({ provider: 'campus' }, /log-in-at"/);
  if (/name="password"/.test(text(browser))) {
    await browser.submit({ username: 'jane', password: 'janes' }, /name="password"/);
  }
  assert.match(text(browser), /name="SAMLResponse"/, text(browser));
  assert.match(text(browser), new RegExp(`action="${server.url}/oauth2/log-in-at/saml"`));
  return browser.submit({}, /SAMLResponse/);
}

describe('SimpleSAMLphp', { skip: missing('simplesamlphp') }, () => {
  let idp: SimpleSamlPhp;
  before(async () => {
    idp = await startSimpleSamlPhp();
  });
  after(() => idp.close());

  const roles = { roleAttribute: 'groups', roles: { staff: ['editor'] }, claims: { mail: 'email' } };

  test('a user of its logs in, agrees, and the client gets tokens and user info', async () => {
    idp.configure(nameIsUid);
    await using federation = await startFederation(idp, roles);
    const { server, client } = federation;
    const browser = new Browser(server.url, idp.url);
    await logIn(server, browser, requestUrl(server, client, { scope: 'openid read update email' }));
    assert.match(text(browser), /value="agree"/, text(browser));
    const back = await browser.submit({ decision: 'agree' });
    const { status, json, text: answer } = await exchange(server, client, answerIn(back).get('code') as string);
    assert.equal(status, 200, answer);
    const sub = 'FEDERATED:campus/jane@carbon.super';
    const { sub: subject, amr, auth_time } = claimsOf(json.id_token);
    assert.deepEqual([subject, amr], [sub, ['pwd']]);
    assert.ok(Math.abs(auth_time - Date.now() / 1000) < 60);
    assert.match(json.scope, /\bupdate\b/);
    assert.deepEqual(await userInfo(server, json.access_token), { sub, email: 'jane@campus.example' });
  });

  for (const [what, options] of [
    ['the assertion alone', "'saml20.sign.response' => false,"],
    ['the response alone', "'saml20.sign.assertion' => false,"],
    ['both, with SHA-512', "'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',"],
  ] as const) {
    test(`its response is taken when it signs ${what}`, async () => {
      idp.configure(nameIsUid + options);
      await using federation = await startFederation(idp, {}, unsigned);
      const { server, client } = federation;
      const browser = new Browser(server.url, idp.url);
      await logIn(server, browser, requestUrl(server, client, { scope: 'openid' }));
      assert.match(text(browser), /value="agree"/, text(browser));
    });
  }

  test('403 when it signs nothing, or by SHA-1, or names users for one log-in only', async () => {
    for (const [options, why] of [
      [`${nameIsUid}'saml20.sign.response' => false, 'saml20.sign.assertion' => false,`, /is signed/],
      [`${nameIsUid}'signature.algorithm' => 'http://www.w3.org/2000/09/xmldsig#rsa-sha1',`, /rsa-sha1/],
      ['', /transient/],
    ] as const) {
      idp.configure(options);
      await using federation = await startFederation(idp, {}, unsigned);
      const { server, client } = federation;
      const browser = new Browser(server.url, idp.url);
      await logIn(server, browser, requestUrl(server, client, { scope: 'openid' }));
      assert.equal(browser.page?.status, 403, text(browser));
      assert.match(text(browser), why);
    }
  });

  test('an attribute names the user where its NameID is transient', async () => {
    idp.configure('');
    await using federation = await startFederation(idp, { localAccounts: true, saml2: { nameAttribute: 'uid' } });
    const { server, client } = federation;
    await server.km.users.create({ name: 'jane', password: 'of here', roles: ['editor'] });
    const browser = new Browser(server.url, idp.url);
    await logIn(server, browser, requestUrl(server, client, { scope: 'openid' }));
    const back = await browser.submit({ decision: 'agree' });
    const { json } = await exchange(server, client, answerIn(back).get('code') as string);
    assert.equal(claimsOf(json.id_token).sub, 'jane@carbon.super');
  });

  test('who is known there is not asked again, unless the client wants it', async () => {
    idp.configure(nameIsUid);
    await using federation = await startFederation(idp);
    const { server, client } = federation;
    const browser = new Browser(server.url, idp.url);
    await logIn(server, browser, requestUrl(server, client, { scope: 'openid' }));
    const asked = async (parameters: Record<string, string>): Promise<boolean> => {
      await server.store.transaction(async (tx) => void (await tx.db.deleteFrom('sessions').execute()));
      await browser.go(requestUrl(server, client, { scope: 'openid', ...parameters }));
      await browser.submit({ provider: 'campus' }, /log-in-at"/);
      return /name="password"/.test(text(browser));
    };
    assert.equal(await asked({}), false);
    assert.equal(await asked({ prompt: 'login' }), true);
    await browser.submit({ username: 'jane', password: 'janes' }, /name="password"/);
    await browser.submit({}, /SAMLResponse/);
    assert.match(text(browser), /value="agree"/, text(browser));
  });

  test('it takes signed requests only, says so in its metadata, and gets them', async () => {
    idp.configure(`${nameIsUid}'redirect.validate' => true,`);
    await using federation = await startFederation(idp);
    const { server, client } = federation;
    const browser = new Browser(server.url, idp.url);
    await logIn(server, browser, requestUrl(server, client, { scope: 'openid' }));
    assert.match(text(browser), /value="agree"/, text(browser));

    const silent = (metadata: string): string => metadata.replace('AuthnRequestsSigned="false"', '');
    await using other = await startFederation(idp, { saml2: { signRequests: false } }, silent);
    const stranger = new Browser(other.server.url, idp.url);
    await stranger.go(requestUrl(other.server, other.client, { scope: 'openid' }));
    await stranger.submit({ provider: 'campus' }, /log-in-at"/);
    assert.doesNotMatch(text(stranger), /name="password"/);
  });
});
