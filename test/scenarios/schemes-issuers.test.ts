/** Several issuers: what each one's tokens are verified with and believed in, with keys that are fetched and change. */
import assert from 'node:assert/strict';
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { after, before, test } from 'node:test';
import { type Certificates, openCertificates } from '../../src/platform/certificates.ts';
import { type Backend, startBackend } from '../support/backend.ts';
import { type Answer, call, closeConnections } from '../support/call.ts';
import { startTestGateway, type TestGateway, testApi, testIssuer, testResource } from '../support/gateway.ts';
import { serveAsHub } from '../support/hub.ts';
import { newDataFolder } from '../support/postern.ts';
import { newSigner, type Signer, signerWith } from '../support/signer.ts';

const folder = newDataFolder();
let backend: Backend;
let gateway: TestGateway;
let certificates: Certificates;
let jwks: Awaited<ReturnType<typeof serveAsHub>>;
let answer: (response: ServerResponse) => void;
const first = newSigner('first');
const second = newSigner('second');
const nameless = newSigner('nameless');
const plain = newSigner();
let certified: Signer;

const publish =
  (...keys: readonly object[]) =>
  (response: ServerResponse) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys }));

before(async () => {
  backend = await startBackend();
  certificates = await openCertificates(folder);
  certified = signerWith(createPrivateKey(certificates.server.key));
  answer = publish(
    first.jwk,
    { kty: 'oct', k: 'c2VjcmV0', kid: 'secret', alg: 'HS256' },
    { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' },
  );
  jwks = await serveAsHub(certificates, (_request, response) => answer(response));
  gateway = await startTestGateway({
    certificates,
    flags: ['--gateway.jwks.cooldown=0'],
    fixed: {
      entities: [
        {
          kind: 'policy',
          id: 'subscription|Two',
          value: { level: 'subscription', name: 'Two', limit: { count: 2, windowMs: 60_000 }, stopOnQuota: true },
        },
        testIssuer({ issuer: 'https://published', jwksUrl: `${jwks.url}/jwks`, subscriptions: 'none' }),
        testIssuer({ issuer: 'https://gone', jwksUrl: 'https://localhost:1/jwks', subscriptions: 'none' }),
        testIssuer({ issuer: 'https://plain-http', jwksUrl: 'http://localhost:1/jwks', subscriptions: 'none' }),
        testIssuer({ issuer: 'https://certified', certificates: [certificates.server.cert], subscriptions: 'none' }),
        testIssuer({ issuer: 'https://audience', keys: [plain.jwk], audience: 'me', subscriptions: 'none' }),
        testIssuer({ issuer: 'https://claims', keys: [plain.jwk], subscriptions: 'claim' }),
        testIssuer({ issuer: 'https://data', keys: [plain.jwk] }),
        testIssuer({
          issuer: 'https://renamed',
          keys: [plain.jwk],
          subscriptions: 'claim',
          claims: [
            { remote: 'permissions', local: 'scope' },
            { remote: 'expires', local: 'exp' },
            { remote: 'app', local: 'application' },
            { remote: 'apis', local: 'subscribedAPIs' },
          ],
        }),
        testApi('api', backend.url, {
          endpoints: { production: { url: backend.url }, sandbox: { url: `${backend.url}/sandbox` } },
        }),
        testApi('scoped', backend.url, { resources: [testResource({ scopes: ['read'] })] }),
      ],
    },
  });
  await gateway.gateway.serving;
});
after(async () => {
  closeConnections();
  await gateway.stop();
  await jwks.close();
  await backend.close();
  rmSync(folder, { recursive: true, force: true });
});

const use = (token: string, path = '/api/1.0.0/a'): Promise<Answer> =>
  call(gateway.http + path, { headers: { authorization: `Bearer ${token}` } });

async function outcome(token: string, path?: string): Promise<number> {
  const { status, body } = await use(token, path);
  return status === 200 ? 200 : JSON.parse(body).fault.code;
}

test('200 with a key that the issuer publishes; what else it publishes does no harm', async () => {
  assert.equal(await outcome(first.sign({ iss: 'https://published' })), 200);
  assert.equal(await outcome(second.sign({ iss: 'https://published' }, { kid: 'first' })), 900901);
});

test('no alg is taken that is not the key’s own, and none that is symmetric', async () => {
  for (const alg of ['none', 'HS256', 'ES384', 'RS256', 'constructor']) {
    assert.equal(await outcome(first.sign({ iss: 'https://published' }, { alg })), 900901, alg);
  }
});

test('a key that is new at the issuer is good at its first token, the old one no longer', async () => {
  const old = first.sign({ iss: 'https://published' });
  assert.equal(await outcome(old), 200);
  answer = publish(second.jwk);
  const many = await Promise.all(Array.from({ length: 20 }, () => outcome(second.sign({ iss: 'https://published' }))));
  assert.deepEqual([...new Set(many)], [200]);
  assert.equal(await outcome(old), 900901);
});

test('the last good keys stay when the address can not be read; 900900 for a key that is not among them', async () => {
  for (const broken of [
    (response: ServerResponse) => response.writeHead(500).end('{"keys":[]}'),
    (response: ServerResponse) => response.writeHead(302, { location: jwks.url }).end('{"keys":[]}'),
    (response: ServerResponse) => response.end('{"keys":7}'),
    publish(),
    publish({ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid: 'second' }),
    (response: ServerResponse) => response.end(`{"keys":[${'1,'.repeat(200_000)}1]}`),
  ]) {
    answer = broken;
    assert.equal(await outcome(newSigner('new').sign({ iss: 'https://published' })), 900900);
    assert.equal(await outcome(second.sign({ iss: 'https://published' })), 200);
  }
  answer = publish(second.jwk);
});

test('500/900900 while an issuer’s keys could never be had, or would come without TLS', async () => {
  for (const iss of ['https://gone', 'https://plain-http']) {
    const { status, body } = await use(plain.sign({ iss }));
    assert.equal(status, 500);
    assert.equal(JSON.parse(body).fault.code, 900900);
  }
});

test('a certificate is the key of tokens that name none, or its thumbprint', async () => {
  const iss = 'https://certified';
  const { raw } = new X509Certificate(certificates.server.cert);
  const x5t = createHash('sha1').update(raw).digest('base64url');
  assert.equal(await outcome(certified.sign({ iss }, { kid: undefined })), 200);
  assert.equal(await outcome(certified.sign({ iss }, { kid: 'whatever', x5t })), 200);
  assert.equal(await outcome(nameless.sign({ iss }, { kid: undefined, x5t })), 900901);
});

test('the audience counts where there is one', async () => {
  const iss = 'https://audience';
  assert.equal(await outcome(plain.sign({ iss, aud: ['you', 'me'] })), 200);
  assert.equal(await outcome(plain.sign({ iss, aud: 'you' })), 900901);
  assert.equal(await outcome(plain.sign({ iss })), 900901);
});

test('403/900908 unless the token lists the API, where its issuer is believed in that', async () => {
  const iss = 'https://claims';
  const listing = (name: string, version: string) => ({ iss, azp: 'c', subscribedAPIs: [{ name, version }] });
  assert.equal(await outcome(plain.sign(listing('api', '1.0.0'))), 200);
  assert.equal(await outcome(plain.sign(listing('api', '*'))), 200);
  assert.equal(await outcome(plain.sign(listing('api', '2.0.0'))), 900908);
  assert.equal(await outcome(plain.sign(listing('other', '*'))), 900908);
  assert.equal(await outcome(plain.sign({ iss, azp: 'c', application: { id: 1 } })), 900908);
});

test('a token that says nothing of it goes by the data, of which a gateway without a source has none', async () => {
  assert.equal(await outcome(plain.sign({ iss: 'https://claims', azp: 'c' })), 900908);
  assert.equal(
    await outcome(plain.sign({ iss: 'https://data', azp: 'c', subscribedAPIs: [{ name: 'api', version: '*' }] })),
    900908,
  );
  // Without a consumer key there is nothing to look up.
  assert.equal(await outcome(plain.sign({ iss: 'https://data' })), 900901);
});

test('the claimed tier limits the application at the API; 900809 for one that nobody defines', async () => {
  const claims = (id: number, subscriptionTier: string) =>
    plain.sign({
      iss: 'https://claims',
      azp: 'c',
      application: { id, tier: 'Unlimited' },
      subscribedAPIs: [{ name: 'api', version: '1.0.0', subscriptionTier }],
    });
  assert.deepEqual(
    [await outcome(claims(1, 'Two')), await outcome(claims(1, 'Two')), await outcome(claims(1, 'Two'))],
    [200, 200, 900804],
  );
  assert.equal(await outcome(claims(2, 'Two')), 200);
  assert.equal(await outcome(claims(3, 'Nobody')), 900809);
});

test('keytype leads to the sandbox', async () => {
  const claims = { iss: 'https://claims', azp: 'c', subscribedAPIs: [{ name: 'api', version: '*' }] };
  assert.equal((await use(plain.sign({ ...claims, keytype: 'SANDBOX' }))).json().url, '/sandbox/a');
  assert.equal((await use(plain.sign({ ...claims, keytype: 'PRODUCTION' }))).json().url, '/a');
});

test('claims are read by the names that the issuer has for them, but not by when and for whom a token is good', async () => {
  const claims = { iss: 'https://renamed', azp: 'c', app: { id: 7 }, apis: [{ name: 'scoped', version: '*' }] };
  assert.equal(await outcome(plain.sign({ ...claims, permissions: ['read'] }), '/scoped/1.0.0/a'), 200);
  assert.equal(await outcome(plain.sign({ ...claims, permissions: 'write' }), '/scoped/1.0.0/a'), 900910);
  assert.equal(
    await outcome(plain.sign({ ...claims, permissions: ['read'], exp: 1, expires: 9e9 }), '/scoped/1.0.0/a'),
    900903,
  );
});

test('503/900952 with Retry-After for an unknown key while a flood of them has used up what may be fetched', async () => {
  let fetches = 0;
  const count = (response: ServerResponse) => {
    fetches++;
    publish(second.jwk)(response);
  };
  answer = count;
  const flooded = await startTestGateway({
    certificates,
    flags: ['--gateway.jwks.cooldown=86400'],
    fixed: {
      entities: [
        testIssuer({ issuer: 'https://flooded', jwksUrl: `${jwks.url}/jwks`, subscriptions: 'none' }),
        testApi('api', backend.url),
      ],
    },
  });
  try {
    await flooded.gateway.serving;
    const send = (token: string): Promise<Answer> =>
      call(`${flooded.http}/api/1.0.0/a`, { headers: { authorization: `Bearer ${token}` } });
    const iss = 'https://flooded';
    assert.equal((await send(second.sign({ iss }))).status, 200);
    const before = fetches;
    const unknown = first.sign({ iss });
    assert.equal((await send(unknown)).status, 401);
    const refusal = await send(unknown);
    assert.equal(refusal.status, 503);
    assert.equal(refusal.json().fault.code, 900952);
    assert.equal(refusal.headers['retry-after'], '1');
    // A known key in the hand of somebody who says another alg has nothing fetched, and is not put off.
    assert.equal((await send(second.sign({ iss }, { alg: 'ES384' }))).status, 401);
    assert.equal((await send(second.sign({ iss }))).status, 200);
    assert.equal(fetches, before + 1);
  } finally {
    await flooded.stop();
  }
});
