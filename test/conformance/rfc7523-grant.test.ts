/** JWTs of other issuers as authorization grants, and the attacks on JWTs. */
import assert from 'node:assert/strict';
import { createHmac, createSign, generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import type { ConsumerKey } from '../../src/adapters/key-managers/built-in.ts';
import { openJwks } from '../../src/adapters/key-managers/jwks.ts';
import { insertKeyManager } from '../../src/adapters/stores/key-managers.ts';
import type { Issuer } from '../../src/core/token.ts';
import { openCertificates } from '../../src/platform/certificates.ts';
import { ManualClock } from '../../src/platform/clock.ts';
import { newSigner, type Signer } from '../support/signer.ts';
import {
  type AuthorizationServer,
  addClient,
  addSubscribedApplication,
  startAuthorizationServer,
} from './authorization-server.ts';
import { claimsOf, refused } from './code-flow.ts';
import { type Rule, verify } from './rule.ts';

interface Subject {
  readonly server: AuthorizationServer;
  readonly clock: ManualClock;
  readonly client: ConsumerKey;
  readonly opaque: ConsumerKey;
  readonly signer: Signer;
  /** The keys that the other issuer publishes, and how often it was asked. */
  readonly published: { keys: object[]; asked: number };
}

const trusted = 'https://issuer.example';
const publishing = 'https://publishing.example';
const notTrusted = 'https://stranger.example';

let subject: Subject;
let site: Server;
let folder: string;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postern-jwks-'));
  const certificates = await openCertificates(folder);
  const published = { keys: [] as object[], asked: 0 };
  site = createServer({ cert: certificates.server.cert, key: certificates.server.key }, (_request, response) => {
    published.asked++;
    response.end(JSON.stringify({ keys: published.keys }));
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  const jwksUrl = `https://localhost:${(site.address() as AddressInfo).port}/jwks`;
  const clock = new ManualClock(Date.now());
  const server = await startAuthorizationServer({
    clock,
    options: { assertionIssuers: [trusted, publishing, `${trusted}/disabled`] },
    fetchJwks: openJwks({ ca: certificates.ca, authorities: [] }, 5000),
  });
  await server.km.users.create({ name: 'mary', password: 'marys', roles: [] });
  const signer = newSigner();
  for (const issuer of [trusted, notTrusted]) await register(server, { issuer, keys: [signer.jwk], audience: null });
  await register(server, { issuer: publishing, keys: [], audience: null, jwksUrl });
  const client = await addSubscribedApplication(server);
  subject = { server, clock, client, opaque: await addClient(server, { tokenType: 'OPAQUE' }), signer, published };
});
after(async () => {
  site.close();
  site.closeAllConnections();
  rmSync(folder, { recursive: true });
  await subject.server[Symbol.asyncDispose]();
});

const register = (server: AuthorizationServer, issuer: Issuer) =>
  server.store.transaction((tx) =>
    insertKeyManager(
      tx,
      {
        id: randomUUID(),
        tenant: 'carbon.super',
        name: issuer.issuer,
        issuer: issuer.issuer,
        enabled: 1,
        body: '{}',
        secrets: '{}',
      },
      { ...issuer, foreign: true },
    ),
  );

const grantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

const now = ({ clock }: Subject) => Math.floor(clock.now() / 1000);

/** What a good assertion says; undefined leaves a claim out. */
const good = (all: Subject, changes: Record<string, unknown> = {}) => ({
  iss: trusted,
  sub: 'mary',
  aud: `${all.server.url}/oauth2/token`,
  iat: now(all),
  exp: now(all) + 600,
  jti: randomUUID(),
  ...changes,
});

const sign = (all: Subject, changes: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
  all.signer.sign(good(all, changes), header);

const send = ({ server, client }: Subject, assertion: string, more: Record<string, string> = {}, key = client) =>
  server.post('/oauth2/token', { grant_type: grantType, assertion, ...more }, key);

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

const rules: Rule<Subject>[] = [
  {
    section: '2.1',
    must: '200 with a token of the user, of the scope asked for, as long as the assertion lives at most, and no refresh token',
    async check(all) {
      for (const key of [all.client, all.opaque]) {
        const { status, json, text } = await send(all, sign(all), { scope: 'device_1 unknown' }, key);
        assert.equal(status, 200, text);
        assert.deepEqual([json.scope, json.expires_in, json.refresh_token], ['device_1', 600, undefined]);
        const found = await all.server.post('/oauth2/introspect', { token: json.access_token }, key);
        assert.deepEqual([found.json.sub, found.json.exp], ['mary@carbon.super', now(all) + 600]);
      }
      const long = await send(all, sign(all, { exp: now(all) + 80_000 }));
      assert.equal(long.json.expires_in, 3600);
    },
  },
  {
    section: '2.1',
    must: '401 for a client that does not authenticate itself; 400 for one without the grant, and without an assertion',
    async check(all) {
      const { server, client } = all;
      refused(
        await server.post('/oauth2/token', { grant_type: grantType, assertion: sign(all) }),
        'invalid_client',
        401,
      );
      const without = await addClient(server, { grantTypes: ['password'] });
      refused(await send(all, sign(all), {}, without), 'unauthorized_client');
      refused(await server.post('/oauth2/token', { grant_type: grantType }, client), 'invalid_request');
      refused(await send(all, sign(all), { scope: '"' }), 'invalid_scope');
    },
  },
  {
    section: '3',
    must: '400 invalid_grant for an iss that is missing, unknown, not trusted with it, disabled, or our own',
    async check(all) {
      const { server, client } = all;
      for (const iss of [undefined, '', 'https://unknown.example', notTrusted, `${trusted}/disabled`, `${trusted}/`]) {
        refused(await send(all, sign(all, { iss })), 'invalid_grant');
      }
      const own = await server.post('/oauth2/token', { grant_type: 'client_credentials' }, client);
      refused(await send(all, own.json.access_token), 'invalid_grant');
    },
  },
  {
    section: '3',
    must: '400 invalid_grant for a sub that is missing or nobody’s',
    async check(all) {
      for (const sub of [undefined, '', 7, 'nobody', 'mary@other.tenant']) {
        refused(await send(all, sign(all, { sub })), 'invalid_grant');
      }
    },
  },
  {
    section: '3',
    must: '400 invalid_grant unless aud is our token endpoint or issuer, alone or among others, to the letter',
    async check(all) {
      const endpoint = `${all.server.url}/oauth2/token`;
      for (const aud of [undefined, '', 'https://other.example', `${endpoint}/`, all.server.url, [], [7]]) {
        refused(await send(all, sign(all, { aud })), 'invalid_grant');
      }
      for (const aud of [endpoint, all.server.issuer, ['https://other.example', endpoint]]) {
        assert.equal((await send(all, sign(all, { aud }))).status, 200);
      }
    },
  },
  {
    section: '3',
    must: '400 invalid_grant without exp, after it, or when it lies more than a day ahead',
    async check(all) {
      for (const exp of [undefined, now(all), now(all) - 1, String(now(all) + 60), now(all) + 86_401]) {
        refused(await send(all, sign(all, { exp })), 'invalid_grant');
      }
    },
  },
  {
    section: '3',
    must: '400 invalid_grant before nbf or iat, but for a minute by which clocks may differ',
    async check(all) {
      for (const name of ['nbf', 'iat']) {
        refused(await send(all, sign(all, { [name]: now(all) + 61 })), 'invalid_grant');
        refused(await send(all, sign(all, { [name]: 'x' })), 'invalid_grant');
        assert.equal((await send(all, sign(all, { [name]: now(all) + 60 }))).status, 200);
      }
    },
  },
  {
    section: '3',
    must: '400 invalid_grant for an assertion that was used, with a jti and without one; of many at once one is taken',
    async check(all) {
      for (const jti of [randomUUID(), undefined]) {
        const assertion = sign(all, { jti });
        const answers = await Promise.all(Array.from({ length: 6 }, () => send(all, assertion)));
        assert.equal(answers.filter(({ status }) => status === 200).length, 1);
        refused(await send(all, assertion), 'invalid_grant');
        refused(await send(all, assertion, {}, all.opaque), 'invalid_grant');
      }
      const jti = randomUUID();
      assert.equal((await send(all, sign(all, { jti }))).status, 200);
      refused(await send(all, sign(all, { jti, exp: now(all) + 700 })), 'invalid_grant');
    },
  },
  {
    section: '3',
    must: '400 invalid_grant for what no key of the issuer has signed: another key, changed claims, none, a public key as a secret',
    async check(all) {
      const { signer } = all;
      const [header, payload, signature] = sign(all).split('.') as [string, string, string];
      const mac = (secret: string | Buffer) => {
        const input = `${encode({ alg: 'HS256', kid: 'one' })}.${payload}`;
        return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
      };
      const stranger = newSigner();
      for (const assertion of [
        stranger.sign(good(all)),
        `${header}.${encode(good(all, { sub: 'admin' }))}.${signature}`,
        `${header}.${payload}.`,
        `${header}.${payload}`,
        `${header}.${payload}.${Buffer.alloc(64).toString('base64url')}`,
        ...['none', 'None', 'NONE', ''].map((alg) => `${encode({ alg })}.${payload}.`),
        mac(signer.publicKey.export({ type: 'spki', format: 'pem' })),
        mac(JSON.stringify(signer.jwk)),
        mac(''),
        'x',
        '..',
      ]) {
        refused(await send(all, assertion), 'invalid_grant');
      }
    },
  },
  {
    section: '3',
    must: '400 invalid_grant whatever key the header itself brings or names: jwk, jku, x5u, x5c, kid, crit; nothing is fetched for it',
    async check(all) {
      const stranger = newSigner('stranger');
      const asked = all.published.asked;
      const jku = `https://localhost:${(site.address() as AddressInfo).port}/jwks`;
      for (const header of [
        { jwk: stranger.jwk },
        { jku },
        { x5u: jku },
        { x5c: [stranger.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')] },
        { kid: '../../../dev/null' },
        { kid: "' OR '1'='1" },
        { kid: 'one' },
        { kid: 7 },
      ]) {
        refused(await send(all, stranger.sign(good(all), header)), 'invalid_grant');
      }
      refused(await send(all, sign(all, {}, { crit: ['exp'] })), 'invalid_grant');
      assert.equal(all.published.asked, asked);
    },
  },
  {
    section: '3',
    must: '400 invalid_grant for what was signed for something else: access tokens, proofs, log-out tokens',
    async check(all) {
      for (const typ of ['at+jwt', 'dpop+jwt', 'logout+jwt', 'application/at+jwt']) {
        refused(await send(all, sign(all, {}, { typ })), 'invalid_grant');
      }
      assert.equal((await send(all, sign(all, {}, { typ: 'JWT' }))).status, 200);
    },
  },
  {
    section: '3',
    must: 'keys that the issuer publishes are fetched, again for a new one (not more often than every 30 s), and kept while it can not be asked',
    async check(all) {
      const { published, clock } = all;
      const [first, second] = [newSigner('first'), newSigner('second')];
      const ask = (signer: Signer) => send(all, signer.sign(good(all, { iss: publishing })));
      published.keys = [first.jwk];
      const before = published.asked;
      assert.equal((await ask(first)).status, 200);
      assert.equal((await ask(first)).status, 200);
      assert.equal(published.asked, before + 1);
      published.keys = [second.jwk];
      refused(await ask(second), 'invalid_grant');
      assert.equal(published.asked, before + 1);
      clock.advance(30_000);
      assert.equal((await ask(second)).status, 200);
      assert.equal(published.asked, before + 2);
      // A key that was taken back is gone within an hour.
      refused(await ask(first), 'invalid_grant');
      clock.advance(3_600_000);
      published.keys = 'no list' as unknown as object[];
      assert.equal((await ask(second)).status, 200);
    },
  },
  {
    section: '3',
    must: '400 invalid_grant by an RSA key that is too short',
    async check(all) {
      const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
      const weak = 'https://weak.example';
      await using server = await startAuthorizationServer({ options: { assertionIssuers: [weak] } });
      await server.km.users.create({ name: 'mary', password: 'marys', roles: [] });
      const jwk = { ...publicKey.export({ format: 'jwk' }), kty: 'RSA', kid: 'k' };
      await register(server, { issuer: weak, keys: [jwk], audience: null });
      const claims = { ...good(all, { iss: weak, aud: server.issuer }), exp: Math.floor(Date.now() / 1000) + 600 };
      const input = `${encode({ alg: 'RS256', kid: 'k' })}.${encode({ ...claims, iat: undefined })}`;
      const signature = createSign('sha256').update(input).sign(privateKey).toString('base64url');
      const client = await addClient(server);
      refused(await send({ ...all, server, client }, `${input}.${signature}`), 'invalid_grant');
    },
  },
  {
    section: '4',
    must: 'no assertion is taken before an option names its issuer',
    async check(all) {
      await using server = await startAuthorizationServer();
      await server.km.users.create({ name: 'mary', password: 'marys', roles: [] });
      await register(server, { issuer: trusted, keys: [all.signer.jwk], audience: null });
      const client = await addClient(server);
      const assertion = sign(all, { aud: server.issuer, exp: Math.floor(Date.now() / 1000) + 60, iat: undefined });
      refused(await send({ ...all, server, client }, assertion), 'invalid_grant');
    },
  },
  {
    section: '2.1',
    must: 'the token says who it is of, and is revoked with everything of the user',
    async check(all) {
      const { json } = await send(all, sign(all));
      assert.equal(claimsOf(json.access_token).sub, 'mary@carbon.super');
      await all.server.km.revoker.revokeSubject('mary@carbon.super');
      const found = await all.server.post('/oauth2/introspect', { token: json.access_token }, all.client);
      assert.equal(found.json.active, false);
    },
  },
];

verify('RFC 7523', rules, () => subject);
