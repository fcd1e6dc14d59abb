/** OpenID Connect Discovery 1.0: what clients find out by themselves. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { decodeProtectedHeader } from 'jose';
import { claimsOf, exchange, type LoggedIn, newCode, startLoggedIn } from './code-flow.ts';
import { type Rule, verify } from './rule.ts';

interface Subject extends LoggedIn {
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it with assertions
  readonly document: any;
}

let subject: Subject;
before(async () => {
  const open = await startLoggedIn({ options: { signingAlgorithm: 'RS256', otherAlgorithms: ['ES256'] } });
  const answer = await fetch(`${open.server.issuer}/.well-known/openid-configuration`);
  assert.equal(answer.status, 200);
  subject = { ...open, document: await answer.json() };
});
after(() => subject.server[Symbol.asyncDispose]());

const rules: Rule<Subject>[] = [
  {
    section: '3',
    must: 'what is required is there, and RS256 among the algorithms of id tokens',
    async check({ document }) {
      for (const name of ['issuer', 'authorization_endpoint', 'token_endpoint', 'userinfo_endpoint', 'jwks_uri']) {
        assert.ok(URL.canParse(document[name]), name);
      }
      assert.ok(document.response_types_supported.includes('code'));
      assert.ok(document.scopes_supported.includes('openid'));
      assert.deepEqual(document.subject_types_supported, ['public']);
      assert.ok(document.id_token_signing_alg_values_supported.includes('RS256'));
      assert.equal(document.id_token_signing_alg_values_supported.includes('none'), false);
    },
  },
  {
    section: '3',
    must: 'what is taken for served where nothing is said is said not to be: request_uri',
    async check({ document }) {
      assert.equal(document.request_uri_parameter_supported, false);
      // This is not, where nothing is said.
      assert.notEqual(document.request_parameter_supported, true);
    },
  },
  {
    section: '4.3',
    must: 'issuer is that of the address and of id tokens, to the letter',
    async check({ server, client, browser, document }) {
      assert.equal(document.issuer, server.issuer);
      const { json } = await exchange(server, client, await newCode(server, client, browser, { scope: 'openid' }));
      assert.equal(claimsOf(json.id_token).iss, document.issuer);
      for (const name of Object.keys(claimsOf(json.id_token))) {
        assert.ok(document.claims_supported.includes(name), name);
      }
    },
  },
  {
    section: '3',
    must: 'the keys at jwks_uri are those that sign, told apart by kid, each for signatures',
    async check({ server, client, browser, document }) {
      const { keys } = (await (await fetch(document.jwks_uri)).json()) as { keys: Record<string, string>[] };
      assert.equal(new Set(keys.map(({ kid }) => kid)).size, keys.length);
      for (const { use } of keys) assert.equal(use, 'sig');
      const { json } = await exchange(server, client, await newCode(server, client, browser, { scope: 'openid' }));
      const { kid, alg } = decodeProtectedHeader(json.id_token);
      assert.equal(keys.find((one) => one.kid === kid)?.alg, alg);
    },
  },
  {
    section: '3',
    must: 'each response mode, prompt and scope that it names is served',
    async check({ server, client, browser, document }) {
      for (const response_mode of document.response_modes_supported) {
        if (response_mode !== 'form_post') await newCode(server, client, browser, { response_mode });
      }
      assert.deepEqual(document.prompt_values_supported, ['none', 'login', 'consent', 'select_account']);
      const { json } = await exchange(
        server,
        client,
        await newCode(server, client, browser, { scope: 'openid profile email', prompt: 'none' }),
      );
      assert.equal(json.scope, 'email openid profile');
    },
  },
];

verify('OpenID Connect Discovery', rules, () => subject);
