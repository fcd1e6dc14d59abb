/** A user withdraws what he gave a client, while the client is about to get it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuthorizationServer } from '../../../test/conformance/authorization-server.ts';
import { answerIn, refused, requestUrl, startLoggedIn } from '../../../test/conformance/code-flow.ts';

const mary = 'mary@carbon.super';

/** Just before the next transaction begins. */
function withdrawFirst({ store, km }: AuthorizationServer, consumerKey: string): void {
  const { transaction } = store;
  store.transaction = async (...of) => {
    store.transaction = transaction;
    await km.revoker.revokeAccess(mary, consumerKey, async () => {});
    return transaction(...(of as Parameters<typeof transaction>)) as never;
  };
}

for (const type of ['code', 'token']) {
  test(`access_denied and no ${type} when the consent is withdrawn while the request is answered`, async () => {
    const { server, client, browser } = await startLoggedIn({ options: { allowImplicit: true } });
    await using _ = server;
    const request = requestUrl(server, client, { scope: 'openid read', response_type: type });
    assert.equal(answerIn(await browser.go(request)).has(type === 'code' ? 'code' : 'access_token'), true);
    withdrawFirst(server, client.consumerKey);
    const answer = answerIn(await browser.go(request));
    assert.deepEqual(
      [answer.get('error'), answer.get('code'), answer.get('access_token')],
      ['access_denied', null, null],
    );
  });
}

test('400 for a device that was let in before the consent was withdrawn, and asks for its tokens after it', async () => {
  const { server, client, browser } = await startLoggedIn();
  await using _ = server;
  const { json } = await server.post('/oauth2/device_authorization', { scope: 'read' }, client);
  await browser.go(json.verification_uri_complete);
  await browser.submit({ decision: 'agree' });
  await server.km.revoker.revokeAccess(mary, client.consumerKey, async () => {});
  const grant_type = 'urn:ietf:params:oauth:grant-type:device_code';
  refused(await server.post('/oauth2/token', { grant_type, device_code: json.device_code }, client), 'access_denied');
});
