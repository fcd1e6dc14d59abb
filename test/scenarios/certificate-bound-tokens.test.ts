/** Tokens that are bound to a client certificate (RFC 8705 section 3) at a gateway. */
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { request as plain } from 'node:http';
import { request } from 'node:https';
import { after, before, test } from 'node:test';
import { type Backend, startBackend } from '../support/backend.ts';
import { type TestCertificate, testAuthority } from '../support/client-certificate.ts';
import { type GatewayStart, startTestGateway, type TestGateway, testApi, testIssuer } from '../support/gateway.ts';
import { newSigner } from '../support/signer.ts';

const issuer = 'https://issuer.example';
const signer = newSigner();
const authority = await testAuthority('Anybody');
const [ann, bob] = await Promise.all([authority.issue('ann'), authority.issue('bob')]);
const thumbprint = ({ cert }: TestCertificate): string =>
  createHash('sha256').update(new X509Certificate(cert).raw).digest('base64url');
const bound = signer.sign({ iss: issuer, client_id: 'c', cnf: { 'x5t#S256': thumbprint(ann) } });

let backend: Backend;
let gateway: TestGateway;

async function start(flags: readonly string[], more: GatewayStart = {}): Promise<TestGateway> {
  const entities = [
    testApi('api', backend.url),
    testIssuer({ issuer, keys: [signer.jwk], subscriptions: 'none', foreign: true }),
  ];
  const started = await startTestGateway({ ...more, flags, fixed: { entities } });
  await started.gateway.serving;
  return started;
}

before(async () => {
  backend = await startBackend();
  gateway = await start([
    '--gateway.clientCertificate.ask=always',
    '--gateway.clientCertificate.trustedProxies=127.0.0.1,::1',
  ]);
});
after(async () => {
  await gateway.stop();
  await backend.close();
});

/** The status, and the code and challenge of a refusal. */
function send(
  origin: string,
  shown: TestCertificate | null,
  headers: Record<string, string> = {},
): Promise<{ status: number; code: number | null; challenge: string }> {
  return new Promise((resolve, reject) => {
    const all = { authorization: `Bearer ${bound}`, ...headers };
    const url = `${origin}/api/1.0.0/menu`;
    const options = { headers: all, agent: false, rejectUnauthorized: false, ...shown } as const;
    const asked = origin.startsWith('https') ? request(url, options) : plain(url, { headers: all, agent: false });
    asked.on('error', reject);
    asked.on('response', (response) => {
      let body = '';
      response.on('data', (chunk) => void (body += chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          code: response.statusCode === 200 ? null : JSON.parse(body).fault.code,
          challenge: String(response.headers['www-authenticate']),
        }),
      );
    });
    asked.end();
  });
}

test('200 with the certificate that the token is bound to, again and again', async () => {
  for (let count = 0; count < 3; count++) assert.equal((await send(gateway.https, ann)).status, 200);
});

test('401/900901 invalid_token with another certificate, with none, and without TLS', async () => {
  assert.equal((await send(gateway.https, ann)).status, 200);
  for (const [origin, shown] of [
    [gateway.https, bob],
    [gateway.https, null],
    [gateway.http, null],
  ] as const) {
    const { status, code, challenge } = await send(origin, shown);
    assert.deepEqual([status, code], [401, 900901]);
    assert.match(challenge, /^Bearer realm="Postern", error="invalid_token"/);
  }
});

test('200 with the certificate that a trusted proxy passes on, 401 with another', async () => {
  const passedOn = ({ cert }: TestCertificate) => ({ 'x-wso2-client-certificate': encodeURIComponent(cert) });
  assert.equal((await send(gateway.http, null, passedOn(ann))).status, 200);
  assert.equal((await send(gateway.http, null, passedOn(bob))).status, 401);
  assert.equal((await send(gateway.https, ann, passedOn(bob))).status, 401, 'it is the proxy’s own then');
});

test('401 for what a stranger passes on', async () => {
  const alone = await start([]);
  try {
    const headers = { 'x-wso2-client-certificate': encodeURIComponent(ann.cert) };
    assert.equal((await send(alone.http, null, headers)).status, 401);
    assert.equal((await send(alone.https, ann)).status, 401, 'no certificate is asked for where no option says so');
  } finally {
    await alone.stop();
  }
});
