/** Proof Key for Code Exchange. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type { ConsumerKey } from '../../src/adapters/key-managers/built-in.ts';
import { addClient } from './authorization-server.ts';
import {
  answerIn,
  describe,
  exchange,
  type LoggedIn,
  newCode,
  newPkce,
  redirectUri,
  refused,
  requestUrl,
  s256,
  startLoggedIn,
} from './code-flow.ts';
import { type Rule, verify } from './rule.ts';

interface Subject extends LoggedIn {
  readonly app: ConsumerKey;
  /** A server that allows `plain`. */
  readonly lenient: LoggedIn;
}

let subject: Subject;
before(async () => {
  const open = await startLoggedIn();
  const app = await addClient(open.server, { callbackUrl: redirectUri });
  await describe(open.server, app, { token_endpoint_auth_method: 'none' });
  subject = { ...open, app, lenient: await startLoggedIn({ options: { allowPlainPkce: true } }) };
});
after(async () => {
  await subject.server[Symbol.asyncDispose]();
  await subject.lenient.server[Symbol.asyncDispose]();
});

/** The error that the client is sent for a request with these parameters. */
async function told(
  { server, client, browser }: Pick<Subject, 'server' | 'client' | 'browser'>,
  parameters: Record<string, string>,
): Promise<string | null> {
  return answerIn(await browser.go(requestUrl(server, client, parameters))).get('error');
}

const rules: Rule<Subject>[] = [
  {
    section: '4.1',
    must: '400 invalid_grant for a verifier that is too short, too long, or has other characters',
    async check({ server, client, browser }) {
      for (const [verifier, status] of [
        ['a'.repeat(43), 200],
        [`${'a-._~'.repeat(25)}aaa`, 200],
        ['a'.repeat(42), 400],
        ['a'.repeat(129), 400],
        [`${'a'.repeat(43)} `, 400],
        [`${'a'.repeat(43)}+`, 400],
      ] as const) {
        const request = { code_challenge: s256(verifier), code_challenge_method: 'S256' };
        const code = await newCode(server, client, browser, request);
        assert.equal((await exchange(server, client, code, { code_verifier: verifier })).status, status, verifier);
      }
    },
  },
  {
    section: '4.2',
    must: 'the client is told invalid_request for a challenge that is none: too short, too long, padded, other characters',
    async check(all) {
      const { challenge } = newPkce();
      for (const code_challenge of [
        challenge.slice(1),
        `${challenge}A`,
        `${challenge.slice(1)}=`,
        challenge.replace(/^./, '+'),
      ]) {
        assert.equal(
          await told(all, { code_challenge, code_challenge_method: 'S256' }),
          'invalid_request',
          code_challenge,
        );
      }
      for (const code_challenge of ['a'.repeat(42), 'a'.repeat(129), `${'a'.repeat(43)}+`]) {
        assert.equal(await told(all.lenient, { code_challenge, code_challenge_method: 'plain' }), 'invalid_request');
      }
    },
  },
  {
    section: '4.3',
    must: 'a method that is not named is plain',
    async check({ lenient: { server, client, browser } }) {
      const { verifier } = newPkce();
      const code = await newCode(server, client, browser, { code_challenge: verifier });
      assert.equal((await exchange(server, client, code, { code_verifier: verifier })).status, 200);
    },
  },
  {
    section: '4.4.1',
    must: 'the client is told invalid_request when PKCE is required of it and it shows no challenge',
    async check({ server, app, browser }) {
      const back = await browser.go(requestUrl(server, app));
      assert.equal(answerIn(back).get('error'), 'invalid_request');
      assert.match(answerIn(back).get('error_description') ?? '', /code_challenge/);
    },
  },
  {
    section: '4.4.1',
    must: 'the client is told invalid_request for a method that the server does not allow, and for one without a challenge',
    async check(all) {
      const { verifier, challenge } = newPkce();
      assert.equal(await told(all, { code_challenge: verifier, code_challenge_method: 'plain' }), 'invalid_request');
      assert.equal(await told(all, { code_challenge: verifier }), 'invalid_request');
      assert.equal(await told(all, { code_challenge_method: 'S256' }), 'invalid_request');
      for (const at of [all, all.lenient]) {
        assert.equal(await told(at, { code_challenge: challenge, code_challenge_method: 's256' }), 'invalid_request');
      }
    },
  },
  {
    section: '4.6',
    must: '200 for the verifier of the request, 400 invalid_grant for another, a missing one, and the challenge itself',
    async check({ server, client, browser }) {
      const { verifier, challenge } = newPkce();
      const request = { code_challenge: challenge, code_challenge_method: 'S256' };
      const code = () => newCode(server, client, browser, request);
      assert.equal((await exchange(server, client, await code(), { code_verifier: verifier })).status, 200);
      refused(await exchange(server, client, await code(), { code_verifier: newPkce().verifier }), 'invalid_grant');
      refused(await exchange(server, client, await code()), 'invalid_grant');
      refused(await exchange(server, client, await code(), { code_verifier: challenge }), 'invalid_grant');
    },
  },
  {
    section: '4.6',
    must: '400 invalid_grant for the right verifier after a wrong one: nobody gets a second guess',
    async check({ server, client, browser }) {
      const { verifier, challenge } = newPkce();
      const code = await newCode(server, client, browser, { code_challenge: challenge, code_challenge_method: 'S256' });
      refused(await exchange(server, client, code, { code_verifier: newPkce().verifier }), 'invalid_grant');
      refused(await exchange(server, client, code, { code_verifier: verifier }), 'invalid_grant');
    },
  },
  {
    section: '4.6',
    must: '200 for a public client, which has nothing but its verifier',
    async check({ server, app, browser }) {
      const { verifier, challenge } = newPkce();
      await browser.go(requestUrl(server, app, { code_challenge: challenge, code_challenge_method: 'S256' }));
      const code = answerIn(await browser.submit({ decision: 'agree' })).get('code') as string;
      const form = { client_id: app.consumerKey, code_verifier: verifier };
      assert.equal((await exchange(server, null, code, form)).status, 200);
    },
  },
  {
    section: '6.2',
    must: 'the methods that metadata name are those that are allowed',
    async check({ server, lenient }) {
      const methods = async (url: string) => {
        const answer = await fetch(`${url}/.well-known/oauth-authorization-server`);
        return ((await answer.json()) as Record<string, unknown>).code_challenge_methods_supported;
      };
      assert.deepEqual(await methods(server.url), ['S256']);
      assert.deepEqual(await methods(lenient.server.url), ['S256', 'plain']);
    },
  },
];

verify('RFC 7636', rules, () => subject);
