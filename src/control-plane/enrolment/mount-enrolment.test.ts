import assert from 'node:assert/strict';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { type ExpelledGateways, openExpelledGateways } from '../../adapters/stores/expelled-gateways.ts';
import {
  expelGateway,
  hashOfSecret,
  insertInvitation,
  listGatewayCertificates,
} from '../../adapters/stores/gateways.ts';
import { openSqliteStore } from '../../adapters/stores/sqlite.ts';
import type { Store } from '../../adapters/stores/store.ts';
import { makeCertificateRequest } from '../../platform/certificate-request.ts';
import { type CertificateAndKey, openCertificates } from '../../platform/certificates.ts';
import { ManualClock } from '../../platform/clock.ts';
import { openGatewayIssuer } from '../../platform/gateway-issuer.ts';
import { silentLog } from '../../platform/log.ts';
import { createRestServer, gatewayCertificateOf } from '../../platform/rest-server.ts';
import { cutExpelled } from './cut-expelled.ts';
import { mountEnrolment } from './mount-enrolment.ts';

const dir = mkdtempSync(join(tmpdir(), 'postern-enrolment-'));
const start = Date.now();
const clock = new ManualClock(start);
const refusalDelay = 40;
let store: Store;
let app: FastifyInstance;
let ca: string;
let expelled: ExpelledGateways;
let own: CertificateAndKey;
let codes = 0;

before(async () => {
  const certificates = await openCertificates(dir);
  ({ ca, gateway: own } = certificates);
  store = await openSqliteStore(':memory:', clock);
  app = createRestServer({ tls: certificates.server, ca, log: silentLog });
  expelled = await openExpelledGateways(store);
  mountEnrolment(app, {
    store,
    clock,
    log: silentLog,
    issuer: await openGatewayIssuer(dir, clock),
    enrolledName(request) {
      const certificate = gatewayCertificateOf(request.raw.socket as TLSSocket);
      return certificate && !expelled.has(certificate) ? certificate.name : null;
    },
    async isExpelled({ db }, request) {
      const certificate = gatewayCertificateOf(request.raw.socket as TLSSocket);
      return certificate === null || expelled.hasIn(db, certificate);
    },
    refusalDelay,
  });
  cutExpelled(app.server, expelled);
  await app.listen({ host: '127.0.0.1', port: 0 });
});
after(async () => {
  await app.close();
  expelled.close();
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

/** A code that is good for a minute. */
async function invite(name: string | null = null): Promise<string> {
  const secret = `secret-${codes++}`;
  const now = Math.floor(clock.now() / 1000);
  await store.transaction((tx) =>
    insertInvitation(tx, {
      code_hash: hashOfSecret(secret),
      name,
      created_by: 'admin@carbon.super',
      created_at: now,
      expires_at: now + 60,
      used_at: null,
    }),
  );
  return secret;
}

interface Answer {
  readonly status: number;
  /** As far as the answer has it. */
  readonly body: { readonly certificate: string; readonly name: string; readonly description: string };
}

function post(path: string, body: unknown, pair?: CertificateAndKey): Promise<Answer> {
  const { port } = app.server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', ca, ...pair, agent: false, headers: { 'content-type': 'application/json' } };
    const request = https.request(`https://127.0.0.1:${port}/internal/data/v1/${path}`, options, (response) => {
      let text = '';
      response.on('data', (chunk) => void (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }));
    });
    request.on('error', reject);
    request.end(JSON.stringify(body));
  });
}

async function enrol(name: string): Promise<CertificateAndKey> {
  const { request, key } = await makeCertificateRequest('x');
  const { status, body } = await post('enrolment', { code: await invite(name), request });
  assert.equal(status, 200, body.description);
  return { cert: body.certificate, key };
}

test('200 with a certificate for the key that was made here: of a gateway, for showing only, for a year', async () => {
  const certificate = new X509Certificate((await enrol('edge-1')).cert);
  const { subject } = certificate.toLegacyObject();
  assert.deepEqual([subject.CN, subject.OU, subject.O], ['edge-1', 'gateway', 'Postern']);
  assert.ok(certificate.verify(new X509Certificate(ca).publicKey));
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2'], 'clientAuth');
  assert.equal(certificate.ca, false);
  const days = (certificate.validToDate.getTime() - start) / 86_400_000;
  assert.ok(days > 364.9 && days <= 365, String(days));
  const rows = await listGatewayCertificates(store.db);
  assert.ok(rows.some(({ name, fingerprint }) => name === 'edge-1' && fingerprint === certificate.fingerprint256));
  const entry = await store.db.selectFrom('audit_log').selectAll().where('action', '=', 'enrol').executeTakeFirst();
  assert.deepEqual([entry?.actor, entry?.kind, entry?.name], ['admin@carbon.super', 'gateway', 'edge-1']);
});

test('403 for a code that is wrong, over or used: the same answer for each, and not at once', async () => {
  const { request } = await makeCertificateRequest('x');
  const over = await invite('edge');
  clock.advance(60_000);
  const used = await invite('edge');
  assert.equal((await post('enrolment', { code: used, request })).status, 200);
  const answers = new Set<string>();
  for (const code of ['guess', over, used, undefined, { $ne: '' }]) {
    const from = performance.now();
    const { status, body } = await post('enrolment', { code, request });
    assert.equal(status, 403);
    answers.add(body.description);
    assert.ok(performance.now() - from >= refusalDelay - 2);
  }
  assert.equal(answers.size, 1);
});

test('a code that two use at once is good for one of them', async () => {
  const { request } = await makeCertificateRequest('x');
  const code = await invite('edge');
  const answers = await Promise.all(Array.from({ length: 5 }, () => post('enrolment', { code, request })));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 403, 403, 403, 403]);
});

test('400 for a request or a name that is none; the code stays good', async () => {
  const code = await invite();
  const { request } = await makeCertificateRequest('x');
  const { Pkcs10CertificateRequestGenerator } = await import('@peculiar/x509');
  const other = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const algorithm = { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' };
  const tooLarge = await Pkcs10CertificateRequestGenerator.create({
    name: 'CN=x',
    keys: {
      privateKey: other.privateKey.toCryptoKey(algorithm, false, ['sign']),
      publicKey: other.publicKey.toCryptoKey(algorithm, true, ['verify']),
    },
    signingAlgorithm: algorithm,
  });
  // The signature by which who asks shows that the key is theirs, spoilt.
  const lines = request.trim().split('\n');
  const der = Buffer.from(lines.slice(1, -1).join(''), 'base64');
  der[der.length - 3] = (der[der.length - 3] as number) ^ 1;
  const stolen = [lines[0], der.toString('base64'), lines.at(-1)].join('\n');
  for (const wrong of [undefined, '', 'x', ca, stolen, tooLarge.toString('pem')]) {
    assert.equal((await post('enrolment', { code, name: 'edge-2', request: wrong })).status, 400, String(wrong));
  }
  for (const name of [undefined, '', 'gateway', 'a b', '-x', 'x'.repeat(65), 'ü']) {
    assert.equal((await post('enrolment', { code, name, request })).status, 400, String(name));
  }
  assert.equal((await post('enrolment', { code, name: 'edge-2', request })).body.name, 'edge-2');
});

test('the name of the invitation counts, whatever the gateway says', async () => {
  const { request } = await makeCertificateRequest('other');
  const { body } = await post('enrolment', { code: await invite('edge-3'), name: 'other', request });
  assert.equal(body.name, 'edge-3');
  assert.equal(new X509Certificate(body.certificate).toLegacyObject().subject.CN, 'edge-3');
});

test('renewal: 200 for an enrolled gateway under its name, 403 without a certificate and for an expelled one', async () => {
  const pair = await enrol('edge-4');
  const { request } = await makeCertificateRequest('somebody-else');
  const { status, body } = await post('renewal', { request }, pair);
  assert.equal(status, 200, body.description);
  assert.equal(new X509Certificate(body.certificate).toLegacyObject().subject.CN, 'edge-4');
  assert.equal((await post('renewal', { request })).status, 403);
  assert.equal((await post('renewal', { request }, own)).status, 200, 'the one of this machine may as well');

  const issuedBefore = Math.floor(clock.now() / 1000);
  await store.transaction(async (tx) => expelGateway(tx, { gateway: 'edge-4', issuedBefore }));
  assert.equal((await post('renewal', { request }, pair)).status, 403);
  clock.advance(1000);
  const again = await enrol('edge-4');
  assert.equal((await post('renewal', { request }, again)).status, 200, 'who enrols anew is another matter');
});

test('renewal: 403 for a gateway whose expulsion this node has not heard of yet', async () => {
  const pair = await enrol('edge-7');
  const { request } = await makeCertificateRequest('edge-7');
  const value = { gateway: 'edge-7', issuedBefore: Math.floor(clock.now() / 1000) };
  const row = { kind: 'expulsion', id: 'edge-7', body: JSON.stringify(value), number: 1, expires_at: null };
  await store.db.insertInto('entities').values(row).execute();
  assert.equal((await post('renewal', { request }, pair)).status, 403);
});

test('409 for the name of a gateway that has enrolled, unless the invitation names it or it was expelled; the code stays good', async () => {
  await enrol('edge-8');
  const { request } = await makeCertificateRequest('edge-8');
  const code = await invite();
  const { status, body } = await post('enrolment', { code, name: 'edge-8', request });
  assert.deepEqual([status, /edge-8/.test(body.description)], [409, true]);
  assert.equal((await post('enrolment', { code: await invite('edge-8'), request })).status, 200);
  const issuedBefore = Math.floor(clock.now() / 1000);
  await store.transaction(async (tx) => expelGateway(tx, { gateway: 'edge-8', issuedBefore }));
  assert.equal((await post('enrolment', { code, name: 'edge-8', request })).status, 200);
});

test('one certificate can be expelled by its fingerprint; others of the same name stay', async () => {
  const [one, other] = [await enrol('edge-5'), await enrol('edge-5')];
  const gateway = new X509Certificate(one.cert).fingerprint256;
  await store.transaction(async (tx) => expelGateway(tx, { gateway, issuedBefore: 0 }));
  const { request } = await makeCertificateRequest('x');
  assert.equal((await post('renewal', { request }, one)).status, 403);
  assert.equal((await post('renewal', { request }, other)).status, 200);
});
