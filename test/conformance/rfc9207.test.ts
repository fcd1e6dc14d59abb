/** Who answers a request for authorization: `iss`. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { answerIn, type LoggedIn, requestUrl, startLoggedIn } from './code-flow.ts';
import { type Rule, verify } from './rule.ts';

type Subject = LoggedIn;

let subject: Subject;
before(async () => {
  subject = await startLoggedIn({ options: { allowImplicit: true } });
});
after(() => subject.server[Symbol.asyncDispose]());

const told = async ({ server, client, browser }: Subject, parameters: Record<string, string>) =>
  answerIn(await browser.go(requestUrl(server, client, parameters)));

const rules: Rule<Subject>[] = [
  {
    section: '2',
    must: 'every answer with a code or tokens has iss, once, and it is the issuer to the letter, whatever the response mode',
    async check(all) {
      for (const parameters of [
        {},
        { response_mode: 'fragment' },
        { response_type: 'token' },
        { response_type: 'id_token', scope: 'openid', nonce: 'n' },
      ]) {
        assert.deepEqual((await told(all, parameters)).getAll('iss'), [all.server.issuer], JSON.stringify(parameters));
      }
      await all.browser.go(requestUrl(all.server, all.client, { response_mode: 'form_post' }));
      const fields = all.browser.page?.text.match(/name="iss" value="[^"]*"/g);
      assert.deepEqual(fields, [`name="iss" value="${all.server.issuer}"`]);
    },
  },
  {
    section: '2',
    must: 'refusals have it too',
    async check(all) {
      for (const parameters of [
        { scope: '"' },
        { response_type: 'nothing' },
        { prompt: 'none', max_age: '0', scope: 'device_x' },
      ]) {
        const answer = await told(all, parameters);
        assert.ok(answer.has('error'));
        assert.deepEqual(answer.getAll('iss'), [all.server.issuer]);
      }
    },
  },
  {
    section: '2.2',
    must: 'nothing of the request replaces it',
    async check(all) {
      const answer = await told(all, { iss: 'https://evil.example', state: 'x&iss=https://evil.example' });
      assert.deepEqual(answer.getAll('iss'), [all.server.issuer]);
    },
  },
  {
    section: '3',
    must: 'metadata say so, and have the same issuer, which has neither query nor fragment',
    async check({ server }) {
      const metadata = await (await fetch(`${server.url}/.well-known/oauth-authorization-server`)).json();
      const { issuer, authorization_response_iss_parameter_supported } = metadata as Record<string, unknown>;
      assert.deepEqual([issuer, authorization_response_iss_parameter_supported], [server.issuer, true]);
      assert.doesNotMatch(server.issuer, /[?#]/);
    },
  },
];

verify('RFC 9207', rules, () => subject);
