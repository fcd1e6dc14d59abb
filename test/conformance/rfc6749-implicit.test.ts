/** The implicit grant (RFC 6749 section 4.2, OpenID Connect Core section 3.2): off, and what it does when an option turns it on. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before } from 'node:test';
import {
  type AuthorizationServer,
  addClient,
  addSubscribedApplication,
  startAuthorizationServer,
} from './authorization-server.ts';
import {
  answerIn,
  claimsOf,
  describe,
  isActive,
  type LoggedIn,
  loggedIn,
  redirectUri,
  requestUrl,
  startLoggedIn,
} from './code-flow.ts';
import { type Rule, verify } from './rule.ts';

type Subject = LoggedIn;

let subject: Subject;
before(async () => {
  subject = await startLoggedIn({ options: { allowImplicit: true } });
});
after(() => subject.server[Symbol.asyncDispose]());

const ask = ({ server, client, browser }: Subject, parameters: Record<string, string | null>) =>
  browser.go(requestUrl(server, client, { response_type: 'token', ...parameters }));

const metadataOf = async ({ url }: AuthorizationServer) =>
  (await (await fetch(`${url}/.well-known/oauth-authorization-server`)).json()) as Record<string, string[]>;

const rules: Rule<Subject>[] = [
  {
    section: '4.2.2',
    must: 'the fragment has access_token, token_type, expires_in, scope, state and iss, and no refresh token',
    async check(all) {
      const back = await ask(all, { scope: 'read' });
      assert.ok(back.startsWith(`${redirectUri}#`), back);
      const { access_token, ...rest } = Object.fromEntries(answerIn(back));
      assert.deepEqual(rest, {
        token_type: 'Bearer',
        expires_in: '3600',
        scope: 'read',
        state: 'a state',
        iss: all.server.issuer,
      });
      assert.equal(await isActive(all.server, all.client, access_token as string), true);
    },
  },
  {
    section: '4.2.2.1',
    must: 'errors stand in the fragment too; no token ever in a query',
    async check(all) {
      for (const parameters of [{ scope: '"' }, { response_mode: 'query' }, { response_type: 'token code' }]) {
        const back = await ask(all, parameters);
        assert.ok(back.startsWith(`${redirectUri}#error=`), back);
      }
      await ask(all, { response_mode: 'form_post' });
      assert.match(all.browser.page?.text ?? '', /name="access_token"/);
    },
  },
  {
    section: '3.2.2.1',
    must: 'invalid_request for an id token without nonce, or without the scope openid',
    async check(all) {
      for (const response_type of ['id_token', 'id_token token', 'token id_token']) {
        for (const parameters of [{ scope: 'openid' }, { scope: 'read', nonce: 'n' }, { nonce: 'n' }]) {
          const back = await ask(all, { response_type, ...parameters });
          assert.equal(answerIn(back).get('error'), 'invalid_request');
        }
      }
    },
  },
  {
    section: '3.2.2.5',
    must: 'id_token alone gives no access token; with token it has at_hash; both have the nonce',
    async check(all) {
      const alone = answerIn(await ask(all, { response_type: 'id_token', scope: 'openid', nonce: 'n' }));
      assert.equal(alone.has('access_token'), false);
      const { nonce, sub, at_hash } = claimsOf(alone.get('id_token') as string);
      assert.deepEqual([nonce, sub, at_hash], ['n', 'mary@carbon.super', undefined]);
      const both = answerIn(await ask(all, { response_type: 'token id_token', scope: 'openid', nonce: 'm' }));
      const digest = createHash('sha256')
        .update(both.get('access_token') as string)
        .digest();
      const claims = claimsOf(both.get('id_token') as string);
      assert.deepEqual([claims.nonce, claims.at_hash], ['m', digest.subarray(0, 16).toString('base64url')]);
    },
  },
  {
    section: '4.2.1',
    must: 'unauthorized_client for a client without the grant; a public client needs no PKCE, for there is no code',
    async check(all) {
      const { server, browser } = all;
      const without = await addClient(server, { callbackUrl: redirectUri, grantTypes: ['authorization_code'] });
      assert.equal(answerIn(await ask({ ...all, client: without }, {})).get('error'), 'unauthorized_client');
      const app = await addClient(server, { callbackUrl: redirectUri });
      await describe(server, app, { token_endpoint_auth_method: 'none' });
      await ask({ ...all, client: app }, {});
      assert.ok(answerIn(await browser.submit({ decision: 'agree' })).has('access_token'));
    },
  },
  {
    section: '10.16',
    must: 'it is off by default: unsupported_response_type, and metadata promise nothing; on, they do',
    async check({ server }) {
      await using other = await startAuthorizationServer();
      await other.km.users.create({ name: 'mary', password: 'marys', roles: [] });
      const client = await addSubscribedApplication(other);
      const browser = await loggedIn(other, client);
      for (const response_type of ['token', 'id_token', 'id_token token']) {
        const back = await ask({ server: other, client, browser }, { response_type, scope: 'openid', nonce: 'n' });
        assert.equal(answerIn(back).get('error'), 'unsupported_response_type');
      }
      const [off, on] = [await metadataOf(other), await metadataOf(server)];
      assert.deepEqual(off.response_types_supported, ['code']);
      assert.equal(off.grant_types_supported?.includes('implicit'), false);
      assert.deepEqual(on.response_types_supported, ['code', 'token', 'id_token', 'id_token token']);
      assert.equal(on.grant_types_supported?.includes('implicit'), true);
    },
  },
];

verify('RFC 6749', rules, () => subject);
