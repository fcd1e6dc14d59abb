import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeJwt } from 'jose';
import { addClient, startAuthorizationServer } from '../../../test/conformance/authorization-server.ts';
import { callback, logInByCode } from '../../../test/support/code-log-in.ts';

for (const [rolesClaim, expected] of [
  ['groups', ['editor', 'reader']],
  ['', undefined],
] as const) {
  test(`with rolesClaim "${rolesClaim}" id token and user info say ${expected ?? 'nothing of roles'}`, async () => {
    await using server = await startAuthorizationServer({ options: { rolesClaim } });
    await server.km.users.create({ name: 'mary', password: 'marys', roles: ['reader', 'editor'] });
    const key = await addClient(server, { callbackUrl: callback });
    const { tokens } = await logInByCode(server, key);
    assert.deepEqual(decodeJwt(tokens.id_token).groups, expected);
    const headers = { authorization: `Bearer ${tokens.access_token}` };
    const info = (await (await fetch(`${server.url}/oauth2/userinfo`, { headers })).json()) as { groups?: string[] };
    assert.deepEqual(info.groups, expected);
  });
}
