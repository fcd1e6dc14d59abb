/** oidc-provider, which we did not write, as the provider at which users of a Postern log in: by its own pages, strict in all it takes. */
import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { Browser } from '../support/browser.ts';
import {
  type AuthorizationServer,
  addSubscribedApplication,
  startAuthorizationServer,
} from './authorization-server.ts';
import { answerIn, claimsOf, exchange, requestUrl, userInfo } from './code-flow.ts';
import { addOpenIdProvider } from './federation.ts';

// biome-ignore lint/suspicious/noExplicitAny: the package has no types
type Untyped = any;

interface Judge extends AsyncDisposable {
  readonly issuer: string;
}

const account = {
  email: 'jane@corp.example',
  email_verified: true,
  name: 'Jane Doe',
  preferred_username: 'jane',
  groups: ['staff', 'strangers'],
};

/** @param client as oidc-provider registers it, without its redirect URI */
async function startJudge(server: AuthorizationServer, client: Untyped): Promise<Judge> {
  const listener: { handle: RequestListener } = { handle: () => undefined };
  const http = createServer((request, response) => listener.handle(request, response));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const issuer = `http://localhost:${(http.address() as AddressInfo).port}`;
  const name: string = 'oidc-provider';
  const { default: Provider } = (await import(name)) as { default: Untyped };
  const provider = new Provider(issuer, {
    clients: [{ redirect_uris: [`${server.url}/oauth2/log-in-at/callback/judge`], ...client }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'preferred_username', 'groups'] },
    pkce: { required: () => true },
    cookies: { keys: ['a key for tests'] },
    findAccount: (_context: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id, ...account }) }),
  });
  listener.handle = provider.callback();
  return {
    issuer,
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

const text = ({ page }: Browser): string => page?.text ?? '';

/** From our page to theirs, through their log-in and consent, and back. */
async function logIn(browser: Browser, at: string): Promise<void> {
  await browser.go(at);
  await browser.submit({ provider: 'judge' }, /log-in-at"/);
  assert.match(text(browser), /Sign-in/);
  await browser.submit({ login: 'account-17', password: 'any' });
  if (/Authorize/.test(text(browser))) await browser.submit();
}

const secret = 'a secret of forty-eight characters + % : and more';

for (const [how, client] of [
  ['a secret in the header', { client_secret: secret, token_endpoint_auth_method: 'client_secret_basic' }],
  ['no secret', { token_endpoint_auth_method: 'none' }],
] as const) {
  test(`who logs in at oidc-provider is a federated user here, where it knows us by ${how}`, async () => {
    await using server = await startAuthorizationServer();
    await using judge = await startJudge(server, { client_id: 'postern', ...client });
    const key = await addSubscribedApplication(server);
    const clientSecret = 'client_secret' in client ? client.client_secret : '';
    await addOpenIdProvider(
      server,
      { issuer: judge.issuer, clientId: 'postern', clientSecret },
      {
        name: 'judge',
        roleAttribute: 'groups',
        roles: { staff: ['editor'] },
        claims: { name: 'name', email: 'email' },
        oidc: { nameClaim: 'email' },
      },
    );
    const browser = new Browser(server.url, judge.issuer);
    await logIn(browser, requestUrl(server, key, { scope: 'openid profile email update' }));
    assert.match(text(browser), /You are logged in as <strong>Jane Doe \(judge\)<\/strong>/);
    const back = await browser.submit({ decision: 'agree' });
    const { json } = await exchange(server, key, answerIn(back).get('code') as string);
    assert.equal(json.scope, 'email openid profile update');
    assert.equal(claimsOf(json.id_token).sub, 'FEDERATED:judge/jane@corp.example@carbon.super');
    assert.deepEqual(await userInfo(server, json.access_token), {
      sub: 'FEDERATED:judge/jane@corp.example@carbon.super',
      preferred_username: 'jane@corp.example',
      name: 'Jane Doe',
      email: 'jane@corp.example',
    });
    // Anew, although he is logged in at both.
    await logIn(browser, requestUrl(server, key, { scope: 'openid', prompt: 'login' }));
    assert.ok(answerIn(browser.at).get('code'));
  });
}

test('who refuses at oidc-provider is back on the page for the log-in', async () => {
  await using server = await startAuthorizationServer();
  await using judge = await startJudge(server, { client_id: 'postern', client_secret: secret });
  const key = await addSubscribedApplication(server);
  await addOpenIdProvider(
    server,
    { issuer: judge.issuer, clientId: 'postern', clientSecret: secret },
    { name: 'judge' },
  );
  const browser = new Browser(server.url, judge.issuer);
  await browser.go(requestUrl(server, key));
  await browser.submit({ provider: 'judge' }, /log-in-at"/);
  const cancel = /href="([^"]+abort)"/.exec(text(browser))?.[1] ?? assert.fail(text(browser));
  await browser.go(new URL(cancel, judge.issuer));
  assert.equal(browser.page?.status, 403);
  assert.match(text(browser), /the provider says access_denied[\s\S]*name="password"/);
});
