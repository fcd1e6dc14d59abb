/** Identity providers by REST: made, changed, described by their SAML metadata, and in the audit log. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, before, test } from 'node:test';
import { certified } from '../../conformance/saml.ts';
import { type Answer, closeConnections } from '../../support/call.ts';
import { type Postern, startPostern } from '../../support/postern.ts';
import { logIn, type RestClient, restClient } from '../../support/rest.ts';

let postern: Postern;
let admin: RestClient;
let certificate: string;

before(async () => {
  postern = await startPostern({ args: ['--gateway.threads=1'] });
  const authorization = await logIn(postern.server, { scopes: ['apim:admin'] });
  admin = restClient(`${postern.server}/api/am/admin/v1`, authorization);
  ({ certificate } = await certified('rsa'));
});
after(async () => {
  closeConnections();
  await postern?.stop();
});

const path = '/identity-providers';
const ok = (answer: Answer, status = 200): Answer => {
  assert.equal(answer.status, status, answer.body);
  return answer;
};
const named = async (name: string): Promise<{ id: string }> =>
  ok(await admin.get(path))
    .json()
    .list.find((one: { name: string }) => one.name === name);
const der = (pem: string): string => new X509Certificate(pem).raw.toString('base64');

test('201, 200, 409, 404: one is made, read, changed and removed; the audit log has its certificate by fingerprint', async () => {
  const given = { name: 'corporate', entityId: 'urn:corporate', certificates: [der(certificate)], roles: { a: ['b'] } };
  const made = ok(await admin.post(path, given), 201);
  const provider = made.json();
  assert.equal(made.headers.location, `${postern.server}/api/am/admin/v1${path}/${provider.id}`);
  assert.deepEqual(
    provider.certificates,
    [certificate.trim()].map((pem) => new X509Certificate(pem).toString()),
  );
  const defaults = [provider.enabled, provider.localAccounts, provider.allowSha1, provider.roleAttribute];
  assert.deepEqual(defaults, [true, true, false, 'http://wso2.org/claims/role']);
  ok(await admin.post(path, given), 409);
  ok(await admin.post(path, { ...given, name: 'other' }), 409);
  assert.deepEqual(ok(await admin.get(`${path}/${provider.id}`)).json(), provider);
  assert.deepEqual(ok(await admin.get(path)).json(), { count: 1, list: [provider] });

  ok(await admin.put(`${path}/${provider.id}`, { ...provider, name: 'renamed' }), 400);
  const changed = ok(await admin.put(`${path}/${provider.id}`, { ...provider, enabled: false })).json();
  assert.deepEqual(changed, { ...provider, enabled: false });
  ok(await admin.delete(`${path}/${provider.id}`));
  ok(await admin.get(`${path}/${provider.id}`), 404);

  const { list } = ok(await admin.get('/audit-log?kind=identity-provider')).json();
  assert.deepEqual(
    list.map((entry: { action: string; name: string }) => `${entry.action} ${entry.name}`),
    ['delete corporate', 'update corporate', 'create corporate'],
  );
  assert.deepEqual(list[2].after.fingerprints, [new X509Certificate(certificate).fingerprint256]);
});

const metadata = (more = '', before = '') => `<?xml version="1.0" encoding="UTF-8"?>
${before}
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="https://idp.example/metadata">
  <!-- as people write them -->
  <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:KeyDescriptor use="encryption"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
    <md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>
      ${der(certificate)}
    </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.example/post"/>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/sso"/>
  </md:IDPSSODescriptor>${more}
</md:EntityDescriptor>`;

test('201: what its metadata say need not be said, and what is said goes before', async () => {
  const { entityId, ssoUrl, certificates } = ok(
    await admin.post(path, { name: 'described', metadata: metadata() }),
    201,
  ).json();
  assert.deepEqual([entityId, ssoUrl], ['https://idp.example/metadata', 'https://idp.example/sso']);
  assert.deepEqual(certificates.map(der), [der(certificate)]);
  const said = { name: 'said', metadata: metadata(), entityId: 'urn:said' };
  assert.equal(ok(await admin.post(path, said), 201).json().entityId, 'urn:said');
});

test('201: whom it names is a user here only where nobody logs in with it, unless that is said', async () => {
  const made = async (given: Record<string, unknown>): Promise<boolean> => {
    const provider = ok(await admin.post(path, { name: 'campus', ...given, metadata: metadata() }), 201).json();
    ok(await admin.delete(`${path}/${provider.id}`));
    return provider.localAccounts;
  };
  ok(await admin.delete(`${path}/${(await named('described')).id}`));
  assert.deepEqual([await made({}), await made({ logIn: false }), await made({ logIn: true })], [true, true, false]);
  assert.deepEqual(
    [await made({ logIn: true, localAccounts: true }), await made({ localAccounts: false })],
    [true, false],
  );
});

test('200: what is left out of a change is as in a new one, so a log-in is for nobody with an account here', async () => {
  const { id } = ok(await admin.post(path, { name: 'campus', metadata: metadata() }), 201).json();
  const change = { name: 'campus', metadata: metadata(), logIn: true };
  assert.equal(ok(await admin.put(`${path}/${id}`, change)).json().localAccounts, false);
  ok(await admin.delete(`${path}/${id}`));
});

test('400 that says what was expected', async () => {
  const good = { name: 'bad', entityId: 'urn:bad', certificates: [certificate] };
  const weak = (await certified('rsa', 1024)).certificate;
  const refused: [Record<string, unknown>, RegExp][] = [
    [{ name: '' }, /body\/name: expected 1 to 100/],
    [{ name: 'a/b' }, /no slash/],
    [{ entityId: undefined }, /body\/entityId/],
    [{ entityId: ' x' }, /no space around/],
    [{ certificates: [] }, /1 to 10 certificates/],
    [{ certificates: ['nonsense'] }, /body\/certificates\/0: expected an X.509/],
    [{ certificates: [certificate, weak] }, /body\/certificates\/1: expected a key of RSA with 2048/],
    [{ ssoUrl: 'ftp://x' }, /body\/ssoUrl/],
    [{ claims: { a: 'sub' } }, /a claim can't be called/],
    [{ metadata: 'x' }, /body\/metadata/],
    [{ metadata: metadata('', '<!DOCTYPE x [<!ENTITY e "e">]>') }, /body\/metadata/],
    [{ metadata: '<x xmlns="urn:x"/>' }, /EntityDescriptor/],
  ];
  for (const [change, why] of refused) {
    const answer = ok(await admin.post(path, { ...good, ...change }), 400);
    assert.match(answer.body, why);
  }
});

const openId = {
  name: 'corp',
  protocol: 'oidc',
  entityId: 'https://idp.example/realms/corp',
  logIn: true,
  oidc: { clientId: 'postern', clientSecret: 'very secret' },
};

test('201, 200: one of OpenID Connect is made with its defaults, and keeps a secret that nobody is shown', async () => {
  const made = ok(await admin.post(path, openId), 201).json();
  const { oidc, logIn, localAccounts, roleAttribute, claims } = made;
  assert.deepEqual(oidc, {
    ...{ clientId: 'postern', scopes: ['openid', 'profile', 'email'], nameClaim: 'sub', userInfo: true },
    ...{ hasClientSecret: true, redirectUri: `${postern.server}/oauth2/log-in-at/callback/corp` },
  });
  assert.deepEqual([logIn, localAccounts, roleAttribute], [true, false, 'roles']);
  assert.deepEqual(Object.keys(claims), ['name', 'given_name', 'family_name', 'email']);
  // As it was read it may be sent back.
  assert.deepEqual(ok(await admin.put(`${path}/${made.id}`, made)).json(), made);
  const change = { ...made, oidc: { ...made.oidc, clientSecret: '' } };
  assert.equal(ok(await admin.put(`${path}/${made.id}`, change)).json().oidc.hasClientSecret, false);
  ok(await admin.delete(`${path}/${made.id}`));
});

test('400 that says what was expected of one of OpenID Connect', async () => {
  const { oidc } = openId;
  const refused: [Record<string, unknown>, RegExp][] = [
    [{ protocol: 'ldap' }, /protocol/],
    [{ protocol: 'saml2' }, /body\/oidc: only with the protocol oidc/],
    [{ entityId: 'http://idp.example' }, /body\/entityId: expected the issuer, an https address/],
    [{ entityId: 'https://idp.example/?tenant=1' }, /without query and fragment/],
    [{ entityId: 'https://idp.example/#' }, /without query and fragment/],
    [{ entityId: 'https://me:secret@idp.example' }, /body\/entityId/],
    [{ certificates: [certificate] }, /publishes its keys/],
    [{ saml2: {} }, /body\/saml2: only with the protocol saml2/],
    [{ ssoUrl: 'https://idp.example/sso' }, /body\/ssoUrl: only with the protocol saml2/],
    [{ alias: 'urn:us' }, /body\/alias: only with/],
    [{ serviceProviderEntityId: 'urn:us' }, /body\/serviceProviderEntityId: only with/],
    [{ allowSha1: true }, /body\/allowSha1: only with/],
    [{ oidc: undefined }, /body\/oidc\/clientId/],
    [{ oidc: { ...oidc, clientId: '' } }, /body\/oidc\/clientId: expected 1 to 1024/],
    [{ oidc: { ...oidc, scopes: ['profile'] } }, /openid among them/],
    [{ oidc: { ...oidc, scopes: ['openid', 'a b'] } }, /names of scopes/],
    [{ oidc: { ...oidc, nameClaim: '' } }, /body\/oidc\/nameClaim/],
  ];
  for (const [change, why] of refused) {
    const answer = ok(await admin.post(path, { ...openId, ...change }), 400);
    assert.match(answer.body, why);
    assert.doesNotMatch(answer.body, /very secret/);
  }
});
