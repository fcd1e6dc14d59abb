/** Log-in through a provider of OpenID Connect, which is another Postern. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerIn, claimsOf, exchange } from './code-flow.ts';
import { logInElsewhere, startFederation } from './federation.ts';

const text = ({ page }: { readonly page: { readonly text: string } | null }): string => page?.text ?? '';

test('who logs in elsewhere gets tokens for a federated user, with amr, claims and roles as mapped', async () => {
  await using federation = await startFederation(
    {},
    { roles: { staff: ['editor'] }, claims: { preferred_username: 'nickname' } },
    { options: { rolesClaim: 'roles' } },
  );
  const { server, client } = federation;
  const { browser } = await logInElsewhere(federation);
  assert.match(text(browser), /value="agree"/);
  const back = await browser.submit({ decision: 'agree' });
  const answer = await exchange(server, client, answerIn(back).get('code') as string);
  assert.equal(answer.status, 200, answer.text);
  const subject = 'FEDERATED:corp/mary@carbon.super@carbon.super';
  const { sub, amr } = claimsOf(answer.json.id_token);
  assert.deepEqual({ sub, amr }, { sub: subject, amr: ['pwd'] });
  const userinfo = await fetch(`${server.url}/oauth2/userinfo`, {
    headers: { authorization: `Bearer ${answer.json.access_token}` },
  });
  assert.deepEqual(await userinfo.json(), { sub: subject, preferred_username: 'mary@carbon.super', nickname: 'mary' });
});
