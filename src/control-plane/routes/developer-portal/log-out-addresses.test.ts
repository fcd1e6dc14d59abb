import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logOutAddressesOf, withLogOutAddresses } from './log-out-addresses.ts';

const bye = 'https://client.example/bye';

test('addresses are kept beside what else is known of the client, read back as they were said, and taken away', () => {
  const said = {
    post_logout_redirect_uris: `${bye} com.example.app:/bye`,
    backchannel_logout_uri: 'https://client.example/out',
  };
  const kept = withLogOutAddresses('{"token_endpoint_auth_method":"none"}', said);
  assert.deepEqual(JSON.parse(kept), {
    token_endpoint_auth_method: 'none',
    post_logout_redirect_uris: [bye, 'com.example.app:/bye'],
    backchannel_logout_uri: 'https://client.example/out',
  });
  assert.deepEqual(logOutAddressesOf(kept), said);
  assert.equal(withLogOutAddresses(kept, { user_access_token_expiry_time: '5' }), kept);
  const none = withLogOutAddresses(kept, { post_logout_redirect_uris: '', backchannel_logout_uri: '' });
  assert.equal(none, '{"token_endpoint_auth_method":"none"}');
});

for (const wrong of [
  { post_logout_redirect_uris: 'javascript:alert(1)' },
  { post_logout_redirect_uris: '/bye' },
  { post_logout_redirect_uris: `${bye}#x` },
  { post_logout_redirect_uris: Array(21).fill(bye).join(' ') },
  { post_logout_redirect_uris: [bye] },
  { backchannel_logout_uri: 'com.example.app:/bye' },
  { backchannel_logout_uri: `${bye}#x` },
]) {
  test(`400 for ${JSON.stringify(wrong).slice(0, 80)}`, () => {
    assert.throws(() => withLogOutAddresses('{}', wrong), { status: 400 });
  });
}
