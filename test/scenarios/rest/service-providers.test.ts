/** Service providers by REST: made, changed, described by their SAML metadata, and in the audit log. */
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
  admin = restClient(`${postern.server}/api/am/admin/v1`, await logIn(postern.server, { scopes: ['apim:admin'] }));
  ({ certificate } = await certified('rsa'));
});
after(async () => {
  closeConnections();
  await postern?.stop();
});

const path = '/service-providers';
const ok = (answer: Answer, status = 200): Answer => {
  assert.equal(answer.status, status, answer.body);
  return answer;
};
const der = (pem: string): string => new X509Certificate(pem).raw.toString('base64');
const consumerUrls = ['https://app.example/acs'];

test('201, 200, 409, 404: one is made, read, changed and removed; the audit log has its certificate by fingerprint', async () => {
  const given = { name: 'app', entityId: 'urn:app', consumerUrls, certificates: [der(certificate)] };
  const made = ok(await admin.post(path, given), 201);
  const provider = made.json();
  assert.equal(made.headers.location, `${postern.server}/api/am/admin/v1${path}/${provider.id}`);
  const { enabled, requireSignedRequests, allowUnsolicited, qualifiedNames, assertionValidity } = provider;
  assert.deepEqual(
    [enabled, requireSignedRequests, allowUnsolicited, qualifiedNames, assertionValidity],
    [true, false, false, false, 300],
  );
  assert.deepEqual(
    [provider.audiences, provider.recipients, provider.roleAttribute, provider.claims],
    [[], [], '', {}],
  );
  ok(await admin.post(path, given), 409);
  ok(await admin.post(path, { ...given, name: 'other' }), 409);
  assert.deepEqual(ok(await admin.get(`${path}/${provider.id}`)).json(), provider);
  assert.deepEqual(ok(await admin.get(path)).json(), { count: 1, list: [provider] });
  const changed = ok(
    await admin.put(`${path}/${provider.id}`, { ...provider, name: 'renamed', enabled: false }),
  ).json();
  assert.deepEqual(changed, { ...provider, name: 'renamed', enabled: false });
  ok(await admin.delete(`${path}/${provider.id}`));
  ok(await admin.get(`${path}/${provider.id}`), 404);

  const { list } = ok(await admin.get('/audit-log?kind=service-provider')).json();
  assert.deepEqual(
    list.map((entry: { action: string; name: string }) => `${entry.action} ${entry.name}`),
    ['delete renamed', 'update renamed', 'create app'],
  );
  assert.deepEqual(list[2].after.fingerprints, [new X509Certificate(certificate).fingerprint256]);
});

test('401, 403: for administrators only', async () => {
  ok(await restClient(`${postern.server}/api/am/admin/v1`, 'Bearer x').get(path), 401);
  const subscriber = await logIn(postern.server, { scopes: ['apim:subscribe'] });
  const { status } = await restClient(`${postern.server}/api/am/admin/v1`, subscriber).get(path);
  assert.ok(status === 401 || status === 403, String(status));
});

test('409 that says which option, where there is no key that signs for service providers', async () => {
  const other = await startPostern({ args: ['--gateway.threads=1', '--tokens.signingAlgorithm=ES256'] });
  try {
    const authorization = await logIn(other.server, { scopes: ['apim:admin'] });
    const given = { name: 'app', entityId: 'urn:app', consumerUrls };
    const answer = await restClient(`${other.server}/api/am/admin/v1`, authorization).post(path, given);
    assert.match(ok(answer, 409).body, /tokens\.otherAlgorithms/);
  } finally {
    await other.stop();
  }
});

const post = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST';
const consumer = (at: string, binding: string, more: string): string =>
  `<md:AssertionConsumerService Binding="${binding}" Location="https://app.example/${at}" ${more}/>`;
const metadata = (before = '') => `<?xml version="1.0" encoding="UTF-8"?>
${before}
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="https://app.example/metadata">
  <!-- as people write them -->
  <md:SPSSODescriptor AuthnRequestsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:KeyDescriptor use="encryption"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
    <md:KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>
      ${der(certificate)}
    </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
    ${consumer('second', post, 'index="2"')}
    ${consumer('artifact', 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact', 'index="0"')}
    ${consumer('first', post, 'index="1"')}
    ${consumer('usual', post, 'index="3" isDefault="true"')}
  </md:SPSSODescriptor>
</md:EntityDescriptor>`;

test('201: what its metadata say need not be said, and what is said goes before', async () => {
  const made = ok(await admin.post(path, { name: 'described', metadata: metadata() }), 201).json();
  assert.deepEqual([made.entityId, made.requireSignedRequests], ['https://app.example/metadata', true]);
  assert.deepEqual(
    made.consumerUrls,
    ['usual', 'first', 'second'].map((at) => `https://app.example/${at}`),
  );
  assert.deepEqual(made.certificates.map(der), [der(certificate)]);
  const said = { name: 'said', metadata: metadata(), entityId: 'urn:said', requireSignedRequests: false, consumerUrls };
  const other = ok(await admin.post(path, said), 201).json();
  assert.deepEqual(
    [other.entityId, other.requireSignedRequests, other.consumerUrls],
    ['urn:said', false, consumerUrls],
  );
});

test('400 that says what was expected', async () => {
  const good = { name: 'bad', entityId: 'urn:bad', consumerUrls };
  const many = Array.from({ length: 21 }, (_, at) => `https://app.example/${at}`);
  const refused: [Record<string, unknown>, RegExp][] = [
    [{ name: '' }, /body\/name: expected 1 to 100/],
    [{ entityId: undefined }, /body\/entityId/],
    [{ consumerUrls: [] }, /at least one address/],
    [{ consumerUrls: many }, /at most 20/],
    [{ landingOrigins: ['https://app.example/'] }, /body\/landingOrigins\/0: expected scheme and host/],
    [{ landingOrigins: ['https://a;script-src'] }, /body\/landingOrigins\/0/],
    [{ landingOrigins: ['https://*.example'] }, /body\/landingOrigins\/0/],
    [{ audiences: [' x'] }, /body\/audiences\/0/],
    [{ certificates: ['nonsense'] }, /body\/certificates\/0: expected an X.509/],
    [{ requireSignedRequests: true }, /body\/certificates: expected one/],
    [{ assertionValidity: 3601 }, /30 to 3600 seconds/],
    [{ assertionValidity: 29 }, /30 to 3600 seconds/],
    [{ claims: { password: 'x' } }, /claims/],
    [{ metadata: 'x' }, /body\/metadata/],
    [{ metadata: metadata('<!DOCTYPE x [<!ENTITY e "e">]>') }, /body\/metadata/],
    [{ metadata: metadata().replaceAll('SPSSODescriptor', 'IDPSSODescriptor') }, /an SPSSODescriptor/],
    ...['http://app.example/acs', 'https://app.example/acs#x', 'https://me:secret@app.example/', 'javascript:alert(1)']
      .concat('https://app.example/a b', 'x', 'http://127.0.0.1.example/')
      .map((url): [Record<string, unknown>, RegExp] => [{ consumerUrls: [url] }, /body\/consumerUrls\/0: expected/]),
  ];
  for (const [change, why] of refused) {
    const answer = ok(await admin.post(path, { ...good, ...change }), 400);
    assert.match(answer.body, why);
  }
  for (const here of ['http://localhost:3000/acs', 'http://127.0.0.1/acs', 'http://[::1]:1/acs']) {
    const { id } = ok(await admin.post(path, { ...good, consumerUrls: [here] }), 201).json();
    ok(await admin.delete(`${path}/${id}`));
  }
});
