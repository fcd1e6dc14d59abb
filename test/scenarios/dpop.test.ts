/** Tokens that are bound to a key (DPoP, RFC 9449) at a gateway with several threads; the key manager issues them. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import * as client from 'openid-client';
import type { ConsumerKey } from '../../src/adapters/key-managers/built-in.ts';
import { gatewayAudience } from '../../src/core/token.ts';
import { openCertificates } from '../../src/platform/certificates.ts';
import {
  type AuthorizationServer,
  addClient,
  basic,
  startAuthorizationServer,
} from '../conformance/authorization-server.ts';
import { dpopProof, newKey, type ProofOptions, type SigningKey, seconds } from '../conformance/signing-client.ts';
import { type Backend, startBackend } from '../support/backend.ts';
import { type Answer, call, closeConnections } from '../support/call.ts';
import { startTestGateway, type TestGateway, testApi, testIssuer } from '../support/gateway.ts';
import { type GuardedIntrospection, startGuardedIntrospection } from '../support/guarded-introspection.ts';
import { newDataFolder } from '../support/postern.ts';
import { newSigner } from '../support/signer.ts';

const folder = newDataFolder();
const foreign = newSigner();
let server: AuthorizationServer;
let guarded: GuardedIntrospection;
let backend: Backend;
let gateway: TestGateway;
let key: SigningKey;
let jwtClient: ConsumerKey;
let opaqueClient: ConsumerKey;

before(async () => {
  const certificates = await openCertificates(folder);
  server = await startAuthorizationServer({ gatewayHeader: 'x-gateway' });
  guarded = await startGuardedIntrospection(server, certificates);
  guarded.allowBasic = basic('gate', 'keeper');
  [jwtClient, opaqueClient] = [await addClient(server), await addClient(server, { tokenType: 'OPAQUE' })];
  key = await newKey();
  backend = await startBackend();
  const { keys } = (await (await fetch(`${server.url}/oauth2/jwks`)).json()) as { keys: never[] };
  gateway = await startTestGateway({
    certificates,
    threads: 2,
    fixed: {
      entities: [
        testApi('api', backend.url),
        testApi('any', backend.url, { security: { schemes: ['oauth2', 'basic_auth', 'api_key'] } }),
        testIssuer({ issuer: server.issuer, keys, audience: gatewayAudience, subscriptions: 'none' }),
        testIssuer({ issuer: 'https://foreign.example', keys: [foreign.jwk], subscriptions: 'none', foreign: true }),
      ],
    },
    flags: [
      `--keyManager.serverUrl=${guarded.url}`,
      '--keyManager.security.basic.enabled=true',
      '--keyManager.security.basic.username=gate',
      '--keyManager.security.basic.password=keeper',
      '--gateway.forwarded.trustedProxies=127.0.0.2',
    ],
  });
  await gateway.gateway.serving;
});
after(async () => {
  closeConnections();
  await gateway.stop();
  await guarded.close();
  await backend.close();
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** A token for the key. */
async function issue(as: ConsumerKey = jwtClient, bound = key): Promise<string> {
  const dpop = await dpopProof(bound, 'POST', `${server.url}/oauth2/token`);
  const answer = await server.post('/oauth2/token', { grant_type: 'client_credentials' }, as, { dpop });
  assert.equal(answer.json.token_type, 'DPoP', answer.text);
  return answer.json.access_token;
}

const path = '/api/1.0.0/menu';
const proofFor = (
  accessToken: string,
  more: ProofOptions = {},
  signer = key,
  method = 'GET',
  url = gateway.http + path,
) => dpopProof(signer, method, url, { accessToken, ...more });
const send = (token: string, dpop: string | null, at = gateway.http + path, scheme = 'DPoP'): Promise<Answer> =>
  call(at, { headers: { authorization: `${scheme} ${token}`, ...(dpop === null ? {} : { dpop }) } });

function refused(answer: Answer, error: string, why: RegExp): void {
  assert.deepEqual([answer.status, answer.json().fault.code], [401, 900901], answer.body);
  const challenge = String(answer.headers['www-authenticate']);
  assert.ok(challenge.startsWith(`DPoP realm="Postern", error="${error}"`), challenge);
  assert.match(challenge, /algs="ES256 /);
  assert.match(answer.json().fault.description, why);
}

for (const kind of ['JWT', 'opaque token'] as const) {
  const issued = () => issue(kind === 'JWT' ? jwtClient : opaqueClient);

  test(`200 for a ${kind} with a proof, which the back end does not get; the scheme in any case`, async () => {
    const token = await issued();
    for (const scheme of ['DPoP', 'dpop']) {
      const answer = await send(token, await proofFor(token), undefined, scheme);
      assert.equal(answer.status, 200, answer.body);
      const { headers } = answer.json();
      assert.deepEqual([headers.authorization, headers.dpop], [undefined, undefined]);
    }
  });

  test(`401 for a bound ${kind} as Bearer, with a proof or without, also once it is known`, async () => {
    const token = await issued();
    refused(await send(token, null, undefined, 'Bearer'), 'invalid_token', /DPoP <token>/);
    assert.equal((await send(token, await proofFor(token))).status, 200);
    refused(await send(token, await proofFor(token), undefined, 'Bearer'), 'invalid_token', /DPoP <token>/);
  });

  test(`401 for a bound ${kind} without a proof, and with one that was shown before at any thread`, async () => {
    const token = await issued();
    refused(await send(token, null), 'invalid_dpop_proof', /missing/);
    const proof = await proofFor(token);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () =>
        call(gateway.http + path, { headers: { authorization: `DPoP ${token}`, dpop: proof }, fresh: true }),
      ),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(7).fill(401)]);
    refused(await send(token, proof), 'invalid_dpop_proof', /used before/);
  });
}

test('401 for a proof of another key, method, address, token or time', async () => {
  const token = await issue();
  const other = await newKey();
  refused(await send(token, await proofFor(token, {}, other)), 'invalid_token', /another key/);
  refused(await send(token, await proofFor(token, {}, key, 'POST')), 'invalid_dpop_proof', /htm/);
  for (const url of [`${gateway.http}/api/1.0.0/other`, gateway.https + path, `http://other.example${path}`, 'x']) {
    refused(await send(token, await proofFor(token, {}, key, 'GET', url)), 'invalid_dpop_proof', /htu/);
  }
  refused(await send(token, await proofFor('another')), 'invalid_dpop_proof', /ath/);
  refused(await send(token, await dpopProof(key, 'GET', gateway.http + path)), 'invalid_dpop_proof', /ath/);
  for (const iat of [seconds() - 90, seconds() + 90, undefined, '1' as never]) {
    refused(await send(token, await proofFor(token, { claims: { iat: iat as number } })), 'invalid_dpop_proof', /iat/);
  }
});

test('401 for what is no proof', async () => {
  const token = await issue();
  const good = await proofFor(token);
  const [head, claims] = good.split('.');
  const wrong = ['x', '..', 'a.b.c', `${head}.${claims}.`, `${good}.x`, `${good}=`, `${good}, ${good}`];
  for (const proof of wrong) refused(await send(token, proof), 'invalid_dpop_proof', /no JWT|not signed/);
  const headers = [
    { typ: 'JWT' },
    { jwk: undefined },
    { jwk: { kty: 'oct', k: 'AAAA' } },
    { jwk: { ...key.jwk, d: 'AA' } },
  ];
  for (const header of headers) {
    refused(await send(token, await proofFor(token, { header })), 'invalid_dpop_proof', /no JWT/);
  }
  const changed = Buffer.from(
    Buffer.from(claims as string, 'base64url')
      .toString()
      .replace('GET', 'GET '),
  ).toString('base64url');
  refused(await send(token, [head, changed, good.split('.')[2]].join('.')), 'invalid_dpop_proof', /htm|not signed/);
  const forged = await proofFor(token, { header: { jwk: key.jwk } }, { ...(await newKey()), jwk: key.jwk });
  refused(await send(token, forged), 'invalid_dpop_proof', /not signed/);
  refused(
    await send(token, await proofFor(token, { claims: { jti: undefined as never } })),
    'invalid_dpop_proof',
    /no JWT/,
  );
  // None of them used it up.
  assert.equal((await send(token, good)).status, 200);
});

test('401 with the scheme DPoP for a token that is bound to nothing, unknown or malformed; Bearer tokens go on', async () => {
  const answer = await server.post('/oauth2/token', { grant_type: 'client_credentials' }, jwtClient);
  const plain = answer.json.access_token;
  refused(await send(plain, await proofFor(plain)), 'invalid_token', /not bound/);
  assert.equal((await send(plain, null, undefined, 'Bearer')).status, 200);
  assert.equal((await send(plain, 'x', undefined, 'Bearer')).status, 200, 'a field that means nothing there');
  refused(await send('unknown', await proofFor('unknown')), 'invalid_token', /./);
  refused(await send('a.b.c', await proofFor('a.b.c')), 'invalid_token', /malformed/);
  refused(await send('a b', null), 'invalid_token', /malformed/);
});

test('200 for the address as the client sees it: query, upper case and dots do not count; HTTPS is another one', async () => {
  const token = await issue();
  const { port } = new URL(gateway.http);
  const query = await proofFor(token, {}, key, 'GET', `${gateway.http}${path}?a=b`);
  assert.equal((await send(token, query, `${gateway.http}${path}?c=d`)).status, 200);
  const written = await proofFor(token, {}, key, 'GET', `HTTP://LOCALHOST:${port}/x/..${path}`);
  assert.equal((await send(token, written)).status, 200);
  const https = await proofFor(token, {}, key, 'GET', gateway.https + path);
  assert.equal((await send(token, https, gateway.https + path)).status, 200);
});

test('what a stranger says of the address in X-Forwarded-Proto counts for nothing', async () => {
  const token = await issue();
  const dpop = await proofFor(token, {}, key, 'GET', `https://api.example${path}`);
  const headers = {
    authorization: `DPoP ${token}`,
    dpop,
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'api.example',
  };
  refused(await call(gateway.http + path, { headers }), 'invalid_dpop_proof', /htu/);
});

test('where other schemes would do, refusals challenge for all of them', async () => {
  const token = await issue();
  const at = `${gateway.http}/any/1.0.0/menu`;
  assert.equal((await send(token, await proofFor(token, {}, key, 'GET', at), at)).status, 200);
  const challenge = String((await send(token, null, at)).headers['www-authenticate']);
  assert.match(challenge, /^DPoP .*, Basic .*, ApiKey /);
});

for (const alg of ['RS256', 'PS512', 'ES384', 'ES512', 'Ed25519', 'EdDSA']) {
  test(`200 with proofs by ${alg}`, async () => {
    const own = await newKey(alg);
    const token = await issue(jwtClient, own);
    const answer = await send(token, await proofFor(token, {}, own));
    assert.equal(answer.status, 200, answer.body);
  });
}

test('a token of another issuer is bound as well; one that is bound in an unknown way is good for nobody', async () => {
  const sign = (cnf: unknown) => foreign.sign({ iss: 'https://foreign.example', client_id: 'c', cnf });
  const { createHash } = await import('node:crypto');
  const { crv, kty, x, y } = key.jwk;
  const jkt = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
  const bound = sign({ jkt });
  assert.equal((await send(bound, await proofFor(bound))).status, 200);
  refused(await send(bound, null, undefined, 'Bearer'), 'invalid_token', /DPoP/);
  for (const cnf of [{ kid: 'x' }, {}, 'x', { jkt: 1 }]) {
    const unknown = sign(cnf);
    assert.equal((await send(unknown, null, undefined, 'Bearer')).status, 401, JSON.stringify(cnf));
    assert.equal((await send(unknown, await proofFor(unknown))).status, 401, JSON.stringify(cnf));
  }
});

test('openid-client: a token and a call with DPoP', async () => {
  const config = await client.discovery(
    new URL(server.issuer),
    jwtClient.consumerKey,
    jwtClient.consumerSecret,
    undefined,
    { execute: [client.allowInsecureRequests] },
  );
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
  const { access_token } = await client.clientCredentialsGrant(config, undefined, { DPoP });
  const answer = await client.fetchProtectedResource(
    config,
    access_token,
    new URL(gateway.http + path),
    'GET',
    undefined,
    undefined,
    { DPoP },
  );
  assert.equal(answer.status, 200, await answer.text());
});

test('only the named hosts are the gateway, where they are named', async () => {
  const strict = await startTestGateway({
    flags: ['--gateway.dpop.hosts=API.example:8243'],
    fixed: {
      entities: [
        testApi('api', backend.url),
        testIssuer({ issuer: 'https://foreign.example', keys: [foreign.jwk], subscriptions: 'none', foreign: true }),
      ],
    },
  });
  try {
    await strict.gateway.serving;
    const { thumbprintOf } = await import('../conformance/signing-client.ts');
    const cnf = { jkt: await thumbprintOf(key) };
    const token = foreign.sign({ iss: 'https://foreign.example', client_id: 'c', cnf });
    for (const [host, status] of [
      ['api.example:8243', 200],
      ['evil.example', 401],
    ] as const) {
      const dpop = await proofFor(token, {}, key, 'GET', `http://${host}${path}`);
      const headers = { authorization: `DPoP ${token}`, dpop, host };
      assert.equal((await call(strict.http + path, { headers, fresh: true })).status, status, host);
    }
  } finally {
    await strict.stop();
  }
});
