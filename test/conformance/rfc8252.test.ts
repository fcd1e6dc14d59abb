/** OAuth 2.0 for native apps: what they may register, and what is asked of them. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type { ConsumerKey } from '../../src/adapters/key-managers/built-in.ts';
import { addClient } from './authorization-server.ts';
import {
  describe,
  exchange,
  type LoggedIn,
  newPkce,
  redirectUri,
  refused,
  requestUrl,
  startLoggedIn,
} from './code-flow.ts';
import { type Rule, verify } from './rule.ts';

let subject: LoggedIn;
before(async () => {
  subject = await startLoggedIn({ options: { openRegistration: true } });
});
after(() => subject.server[Symbol.asyncDispose]());

const pkce = newPkce();
const challenge = { code_challenge: pkce.challenge, code_challenge_method: 'S256' };

const register = ({ server }: LoggedIn, body: object) =>
  fetch(`${server.url}/oauth2/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token_endpoint_auth_method: 'none', ...body }),
  });

/** An app without a secret. */
async function newApp({ server }: LoggedIn, ...redirect_uris: string[]): Promise<ConsumerKey> {
  const app = await addClient(server);
  await describe(server, app, { token_endpoint_auth_method: 'none', redirect_uris });
  return app;
}

/** Where the browser is sent with the code; null = nowhere. */
async function backTo(all: LoggedIn, app: ConsumerKey, redirect_uri: string): Promise<string | null> {
  const { server, browser } = all;
  let at = await browser.go(requestUrl(server, app, { redirect_uri, ...challenge }));
  if (at.startsWith(server.url) && browser.page?.status === 200) at = await browser.submit({ decision: 'agree' });
  return at.startsWith(server.url) ? null : at;
}

const rules: Rule<LoggedIn>[] = [
  {
    section: '7.1',
    must: 'an app gets its code at a scheme of its own, which is the reverse of a domain: others are not registered',
    async check(all) {
      const { server } = all;
      const uri = 'com.example.app:/oauth2redirect/example-provider';
      const app = await newApp(all, uri);
      const back = (await backTo(all, app, uri)) ?? assert.fail('no answer');
      assert.ok(back.startsWith(`${uri}?code=`), back);
      const code = new URL(back).searchParams.get('code') as string;
      const form = { redirect_uri: uri, client_id: app.consumerKey, code_verifier: pkce.verifier };
      assert.equal((await exchange(server, null, code, form)).status, 200);
      for (const wrong of ['myapp:/cb', 'app://cb', 'javascript:alert(1)', 'data:text/html,a', 'file:///etc/passwd']) {
        const answer = await register(all, { redirect_uris: [wrong] });
        const { error } = (await answer.json()) as { error: string };
        assert.deepEqual([answer.status, error], [400, 'invalid_redirect_uri'], wrong);
      }
    },
  },
  {
    section: '7.2',
    must: 'an app gets its code at an address with https that it has claimed',
    async check(all) {
      const app = await newApp(all, 'https://app.example.com/oauth2redirect');
      assert.match((await backTo(all, app, 'https://app.example.com/oauth2redirect')) ?? '', /\?code=/);
    },
  },
  {
    section: '7.3',
    must: 'at the loopback addresses of IPv4 and IPv6 any port will do, said at the time of the request',
    async check(all) {
      const app = await newApp(all, 'http://127.0.0.1/cb', 'http://[::1]/cb');
      for (const uri of ['http://127.0.0.1:51004/cb', 'http://127.0.0.1/cb', 'http://[::1]:61023/cb']) {
        assert.match((await backTo(all, app, uri)) ?? '', /\?code=/, uri);
      }
    },
  },
  {
    section: '8.3',
    must: 'localhost is no loopback address: its port is as registered',
    async check(all) {
      const app = await newApp(all, 'http://localhost:8000/cb');
      assert.equal(await backTo(all, app, 'http://localhost:8001/cb'), null);
      assert.match((await backTo(all, app, 'http://localhost:8000/cb')) ?? '', /\?code=/);
    },
  },
  {
    section: '8.1',
    must: 'the client is told invalid_request when an app uses no PKCE',
    async check(all) {
      const app = await newApp(all, 'com.example.app:/cb');
      const { server, browser } = all;
      const back = await browser.go(requestUrl(server, app, { redirect_uri: 'com.example.app:/cb' }));
      assert.equal(new URL(back).searchParams.get('error'), 'invalid_request');
    },
  },
  {
    section: '8.4',
    must: 'the whole address is registered, none without it; the port of a loopback address is the one thing that may differ',
    async check(all) {
      const app = await newApp(all, 'http://127.0.0.1/cb', 'com.example.app:/cb');
      for (const uri of [
        'http://127.0.0.1:8000/other',
        'http://127.0.0.1:8000/cb/more',
        'com.example.app:/cb/more',
        'com.example.app:/CB',
        'com.example.app2:/cb',
        redirectUri,
      ]) {
        assert.equal(await backTo(all, app, uri), null, uri);
      }
      assert.equal(await backTo(all, await newApp(all), 'http://127.0.0.1:8000/cb'), null);
    },
  },
  {
    section: '8.5',
    must: 'a secret that every copy of an app has proves nothing: 401 for it, and no token of the app’s own',
    async check(all) {
      const { server } = all;
      const app = await newApp(all, 'com.example.app:/cb');
      refused(await server.post('/oauth2/token', { grant_type: 'client_credentials' }, app), 'invalid_client', 401);
      const form = { grant_type: 'client_credentials', client_id: app.consumerKey };
      refused(await server.post('/oauth2/token', form), 'unauthorized_client');
    },
  },
];

verify('RFC 8252', rules, () => subject);
