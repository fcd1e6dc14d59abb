import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readApplication, writeApplication } from './application-file.ts';

const read = (fields: object, options?: { skipKeys: boolean }) =>
  readApplication(
    new Map([['Shop/Shop.json', Buffer.from(JSON.stringify({ name: 'Shop', ...fields }, null, 1))]]),
    options,
  );

const secret = 'jmkbQa1fwKqnAK9Kw2JGTOemrlAa';
const encoded = Buffer.from(secret).toString('base64');
const key = {
  consumerKey: 'uRVB8ktIr3QyubIaweCAyE54bsAa',
  consumerSecret: secret,
  grantTypes: 'password refresh_token',
};
const app = {
  clientId: key.consumerKey,
  clientName: 'admin_Shop_PRODUCTION',
  callBackURL: 'https://shop.example/back',
  clientSecret: encoded,
  parameters: {
    grant_types: 'client_credentials refresh_token',
    redirect_uris: '',
    tokenScope: 'default',
    additionalProperties: '{"application_access_token_expiry_time":"600","user_access_token_expiry_time":"N/A"}',
  },
  isSaasApplication: true,
  appOwner: 'admin',
  tokenType: 'JWT',
};
const expected = {
  keyType: 'PRODUCTION',
  consumerKey: key.consumerKey,
  consumerSecret: secret,
  secretHash: null,
  grantTypes: ['client_credentials', 'refresh_token'],
  callbackUrl: 'https://shop.example/back',
  validity: { application_validity: 600, user_validity: null, refresh_validity: null },
  keyManager: null,
};

test('a key is of the type that type or keyType says; one that says none, or two, is refused', () => {
  assert.equal(read({ keys: [{ ...key, type: 'SANDBOX' }] }).keys?.[0]?.keyType, 'SANDBOX');
  assert.equal(read({ keys: [{ ...key, keyType: 'SANDBOX' }] }).keys?.[0]?.keyType, 'SANDBOX');
  assert.throws(() => read({ keys: [key] }), /\/keys\/0\/type: expected PRODUCTION or SANDBOX, not ""/);
  const both = { ...key, type: 'PRODUCTION', keyType: 'SANDBOX' };
  assert.throws(() => read({ keys: [both] }), /Shop\.json:4: \/keys\/0: type and keyType differ/);
});

test('the keys of 3.2 are read by type and key manager, their secrets from Base64', () => {
  const { keys } = read({
    keys: [],
    keyManagerWiseOAuthApp: {
      PRODUCTION: { 'Resident Key Manager': app },
      SANDBOX: { default: { ...app, clientId: 'sand' }, 'O/kta': { clientId: 'of-okta', clientSecret: null } },
    },
  });
  assert.deepEqual(keys?.[0], expected);
  assert.deepEqual(keys?.[1], { ...expected, keyType: 'SANDBOX', consumerKey: 'sand' });
  const { keyType, consumerKey, keyManager } = keys?.[2] ?? {};
  assert.deepEqual([keyType, consumerKey, keyManager], ['SANDBOX', 'of-okta', { name: 'O/kta', issuer: null }]);
});

test('the keys of 3.0 are read by type', () => {
  assert.deepEqual(read({ keys: [], oauthApps: { PRODUCTION: app, SANDBOX: null } }).keys, [expected]);
  assert.deepEqual(read({ keyManagerWiseOAuthApp: { PRODUCTION: {}, SANDBOX: {} } }).keys, []);
  assert.equal(read({}).keys, null);
});

test('a secret that would be kept as another one is refused, and not shown', () => {
  const refused = (fields: object, message: RegExp) =>
    assert.throws(
      () => read(fields),
      (error: Error) => {
        assert.match(error.message, message);
        return !error.message.includes(secret) && !error.message.includes(encoded);
      },
    );
  const oauth = (clientSecret: string | null) => ({ oauthApps: { PRODUCTION: { ...app, clientSecret } } });
  refused(oauth(secret), /\/oauthApps\/PRODUCTION\/clientSecret: expected it in Base64/);
  refused(oauth(null), /\/oauthApps\/PRODUCTION: the clientSecret is missing/);
  const listed = { ...key, type: 'PRODUCTION', consumerSecret: encoded };
  refused({ keys: [listed] }, /\/keys\/0\/consumerSecret: it looks like Base64.*"consumerSecretEncoding": "base64"/);
  const secretOf = (consumerSecretEncoding: string) =>
    read({ keys: [{ ...listed, consumerSecretEncoding }] }).keys?.[0]?.consumerSecret;
  assert.equal(secretOf('base64'), secret);
  assert.equal(secretOf('none'), encoded);
  refused({ keys: [{ ...listed, consumerSecret: secret, consumerSecretEncoding: 'base64' }] }, /expected it in Base64/);
});

test('what is exported is read as it was, also a secret that looks encoded', () => {
  const application = read({
    keys: [{ ...key, type: 'SANDBOX', consumerSecret: encoded, consumerSecretEncoding: 'none' }],
  });
  assert.deepEqual(read(writeApplication({ ...application, owner: 'jane@carbon.super' })), {
    ...application,
    owner: 'jane@carbon.super',
  });
});

test('unknown keys are errors that name their place; of a part that is skipped nothing is read', () => {
  assert.throws(() => read({ oathApps: {} }), /unknown key \/oathApps; did you mean oauthApps\?/);
  assert.throws(
    () => read({ keys: [{ ...key, type: 'PRODUCTION', colour: 'red' }] }),
    /unknown key \/keys\/0\/colour; expected one of type, /,
  );
  assert.throws(
    () => read({ oauthApps: { PRODUCTION: { ...app, clientSecrets: 'x' } } }),
    /unknown key \/oauthApps\/PRODUCTION\/clientSecrets; did you mean clientSecret\?/,
  );
  assert.throws(
    () => read({ oauthApps: { PROD: app } }),
    /\/oauthApps\/PROD: expected PRODUCTION or SANDBOX, not "PROD"/,
  );
  assert.throws(() => read({ keys: 'all' }), /\/keys: expected a list/);
  assert.equal(read({ keys: [{ colour: 'red' }] }, { skipKeys: true }).keys, null);
});

test('400 for an export of version 4, which has another form', () => {
  assert.throws(
    () => read({ type: 'application', data: {} }),
    /Shop\.json is an export of WSO2 API Manager 4; expected/,
  );
});

test('two keys of one type are refused, from wherever in the file', () => {
  assert.throws(
    () => read({ keys: [{ ...key, type: 'PRODUCTION' }], oauthApps: { PRODUCTION: app } }),
    /there are two PRODUCTION keys of Resident Key Manager/,
  );
});
