/**
 * Users of a SimpleSAMLphp log in for an application here: the commands of the guide, from the provider's metadata to the call of the API,
 * and until nobody believes the provider any more.
 */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Browser } from '../support/browser.ts';
import { basic, call, closeConnections, postForm } from '../support/call.ts';
import { picture, startChromium } from '../support/chromium.ts';
import { commandLine } from '../support/command-line.ts';
import { addLogInApplication, callback, type LogInApplication } from '../support/log-in-application.ts';
import { newDataFolder, type Postern, startPostern } from '../support/postern.ts';
import { missing } from '../support/servers.ts';
import { nameIsUid, type SimpleSamlPhp, startSimpleSamlPhp } from '../support/simplesamlphp.ts';

describe('log-in with SimpleSAMLphp', { skip: missing('simplesamlphp') }, () => {
  let postern: Postern;
  let idp: SimpleSamlPhp;
  let folder: string;
  let key: LogInApplication;
  const { ok, fails } = commandLine(() => ({ POSTERN_HOME: folder }));

  before(async () => {
    folder = newDataFolder();
    idp = await startSimpleSamlPhp();
    idp.configure(`${nameIsUid}'redirect.validate' => true,`);
    postern = await startPostern({ args: ['--gateway.threads=1'] });
    await ok('env', 'add', 'dev', '--url', postern.server, '--ca', join(postern.data, 'certificates', 'ca.pem'));
    await ok('login', 'dev', '-u', 'admin', '-p', 'admin');
    key = await addLogInApplication(postern.server, 'Pizza on campus');
  });
  after(async () => {
    closeConnections();
    await Promise.all([postern?.stop(), idp?.close()]);
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const form = (parameters: Record<string, string>) =>
    postForm(`${postern.https}/token`, parameters, basic(key.consumerKey, key.consumerSecret));
  const callApi = (token: string) =>
    call(`${postern.https}/pizzashack/1.0.0/menu`, { headers: { authorization: `Bearer ${token}` } });

  test('200 from the API for who logged in there, and 401 from when that is believed no more', async () => {
    const metadata = join(folder, 'campus.xml');
    writeFileSync(metadata, await idp.metadata());
    const described = ['--metadata', metadata, '--log-in', '--description', 'Example Campus'];
    const mapped = ['--role-attribute', 'groups', '--role', 'staff=Internal/subscriber', '--claim', 'mail=email'];
    const { err } = await ok('identity-provider', 'add', 'campus', '-e', 'dev', ...described, ...mapped);
    const metadataUrl = `${postern.server}/oauth2/saml/metadata?provider=campus`;
    assert.ok(
      err.includes(`users may log in with campus from now on\npostern: what campus has to know of us: ${metadataUrl}`),
      err,
    );
    const ours = await call(metadataUrl);
    assert.equal(ours.status, 200, ours.body);
    idp.trust(ours.body);

    const browser = new Browser(postern.https, postern.server, idp.url);
    await browser.go(
      `${postern.https}/authorize?response_type=code&client_id=${key.consumerKey}&scope=openid&redirect_uri=${encodeURIComponent(callback)}`,
    );
    assert.match(browser.page?.text ?? '', /Log in with Example Campus/);
    await browser.submit({ provider: 'campus' }, /log-in-at"/);
    await browser.submit({ username: 'jane', password: 'janes' }, /name="password"/);
    await browser.submit({}, /SAMLResponse/);
    assert.match(browser.page?.text ?? '', /value="agree"/, String(browser.page?.text));
    const code = new URL(await browser.submit({ decision: 'agree' })).searchParams.get('code') ?? '';
    const answer = await form({ grant_type: 'authorization_code', code, redirect_uri: callback });
    assert.equal(answer.status, 200, answer.body);
    const refreshed = await form({ grant_type: 'refresh_token', refresh_token: answer.json().refresh_token });
    assert.equal(refreshed.status, 200, refreshed.body);
    const { access_token, refresh_token } = refreshed.json();
    assert.equal((await callApi(access_token)).status, 200);

    await ok('identity-provider', 'disable', 'campus', '-e', 'dev');
    assert.equal((await callApi(access_token)).status, 401);
    assert.equal((await form({ grant_type: 'refresh_token', refresh_token })).status, 400);
    await browser.go(`${postern.server}/oauth2/account`);
    assert.match(browser.page?.text ?? '', /name="password"/);
  });

  for (const scripts of [false, true]) {
    test(`a real browser ${scripts ? 'with' : 'without'} scripts logs in there: the form of another site finds what it took along`, {
      skip: missing('chromium'),
    }, async () => {
      await ok('identity-provider', 'enable', 'campus', '-e', 'dev');
      await using chromium = await startChromium({ scripts });
      const page = await chromium.newWindow(scripts ? { width: 390, height: 844 } : undefined);
      let back: URL | undefined;
      await page.route(`${callback}**`, (route) => {
        back = new URL(route.request().url());
        return route.fulfill({ body: 'here is the application' });
      });
      await page.goto(
        `${postern.https}/authorize?response_type=code&client_id=${key.consumerKey}&scope=openid&prompt=consent&redirect_uri=${encodeURIComponent(callback)}`,
      );
      await picture(page, `saml-log-in-${scripts}`);
      await page.getByRole('button', { name: 'Log in with Example Campus' }).click();
      await page.locator('#username').fill('jane');
      await page.locator('#password').fill('janes');
      await page.locator('#password').press('Enter');
      if (!scripts) await page.getByRole('button', { name: 'Submit' }).click();
      await page.getByRole('button', { name: 'Agree' }).click();
      await page.getByText('here is the application').waitFor();
      const code = back?.searchParams.get('code') ?? '';
      const answer = await form({ grant_type: 'authorization_code', code, redirect_uri: callback });
      assert.equal(answer.status, 200, answer.body);
      await page.goto(`${postern.server}/oauth2/account`);
      await picture(page, `saml-account-${scripts}`);
    });
  }

  test('what is asked of it is shown, and changed with the rest staying as it is', async () => {
    const show = async () =>
      JSON.parse((await ok('identity-provider', 'show', 'campus', '-e', 'dev', '--output', 'json')).out);
    const metadataUrl = `${postern.server}/oauth2/saml/metadata?provider=campus`;
    assert.deepEqual((await show()).saml2, { nameIdFormat: '', nameAttribute: '', signRequests: true, metadataUrl });
    const persistent = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';
    const change = ['--name-attribute', 'uid', '--name-id-format', persistent, '--no-sign-requests'];
    await ok('identity-provider', 'change', 'campus', '-e', 'dev', ...change);
    const { saml2, ssoUrl } = await show();
    assert.deepEqual(saml2, { nameIdFormat: persistent, nameAttribute: 'uid', signRequests: false, metadataUrl });
    assert.equal(ssoUrl, `${idp.url}/saml2/idp/SSOService.php`);
    const wrong = await fails(1, 'identity-provider', 'change', 'campus', '-e', 'dev', '--name-id-format', 'uid');
    assert.match(wrong, /--name-id-format: expected a name like urn:/);
    const nowhere = ['--entity-id', 'https://other.example', '--certificate', join(folder, 'idp.pem'), '--log-in'];
    writeFileSync(join(folder, 'idp.pem'), idp.certificate);
    assert.match(
      await fails(1, 'identity-provider', 'add', 'other', '-e', 'dev', ...nowhere),
      /--sso-url: expected where browsers are sent/,
    );
  });
});
