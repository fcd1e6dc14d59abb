/** Scopes that are not given: dropped, or refused where an option says so (RFC 6749 section 3.3). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { updateClient } from '../../src/adapters/stores/clients.ts';
import { saml2Bearer } from '../../src/core/saml.ts';
import { addSubscribedApplication, startAuthorizationServer } from './authorization-server.ts';
import { answerIn, exchange, loggedIn, newCode, refused, requestUrl } from './code-flow.ts';
import { addProvider, content, form, sign } from './saml.ts';

for (const strictScopes of [false, true]) {
  test(`a scope that is not given is ${strictScopes ? '400 invalid_scope' : 'dropped'}, whatever the grant`, async () => {
    await using server = await startAuthorizationServer({ options: { strictScopes } });
    await server.km.users.create({ name: 'mary', password: 'marys', roles: [] });
    const key = await addSubscribedApplication(server);
    const browser = await loggedIn(server, key);
    const scope = 'read update';
    const token = (form: Record<string, string>) => server.post('/oauth2/token', { scope, ...form }, key);
    const own = await token({ grant_type: 'client_credentials' });
    const user = await token({ grant_type: 'password', username: 'mary', password: 'marys' });
    const back = await browser.go(requestUrl(server, key, { scope }));
    if (strictScopes) {
      for (const answer of [own, user]) {
        refused(answer, 'invalid_scope');
        assert.match(answer.json.error_description, /update/);
      }
      // The client is told at once; no page asks the user for what he can't give.
      assert.equal(answerIn(back).get('error'), 'invalid_scope');
    } else {
      assert.deepEqual([own.json.scope, user.json.scope], ['am_application_scope read', 'read']);
      await browser.submit({ decision: 'agree' });
    }
    const given = await exchange(server, key, await newCode(server, key, browser, { scope: 'openid read' }));
    assert.equal(given.json.scope, 'openid read');
    assert.equal((await token({ grant_type: 'client_credentials', scope: 'read' })).status, 200);
    assert.equal((await token({ grant_type: 'client_credentials', scope: '' })).status, 200);
  });
}

test('400 invalid_scope for an assertion too, which stays good for what is given', async () => {
  await using server = await startAuthorizationServer({ options: { strictScopes: true } });
  const key = await addSubscribedApplication(server);
  await server.store.transaction((tx) => updateClient(tx, key.consumerKey, { grant_types: saml2Bearer }));
  const idp = await addProvider(server, { name: 'corporate' });
  const xml = await sign(idp, content(idp, server));
  refused(await server.post('/oauth2/token', form(xml, { scope: 'read update' }), key), 'invalid_scope');
  assert.equal((await server.post('/oauth2/token', form(xml, { scope: 'read' }), key)).json.scope, 'read');
});
