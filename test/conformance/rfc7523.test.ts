/** JWTs by which clients authenticate themselves (private_key_jwt). */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import type { ConsumerKey } from '../../src/adapters/key-managers/built-in.ts';
import { sweepOnce } from '../../src/key-manager/sweep.ts';
import { ManualClock } from '../../src/platform/clock.ts';
import {
  type Answer,
  type AuthorizationServer,
  addClient,
  setMetadata,
  startAuthorizationServer,
} from './authorization-server.ts';
import { type Rule, verify } from './rule.ts';
import { assertion, newKey, type SigningKey, seconds } from './signing-client.ts';

interface Subject {
  readonly server: AuthorizationServer;
  readonly client: ConsumerKey;
  readonly key: SigningKey;
}

let subject: Subject;
before(async () => {
  const server = await startAuthorizationServer();
  const key = await newKey();
  const client = await addClient(server);
  await setMetadata(server, client, { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [key.jwk] } });
  subject = { server, client, key };
});
after(() => subject.server[Symbol.asyncDispose]());

const ask = ({ server }: Subject, form: Record<string, string>): Promise<Answer> =>
  server.post('/oauth2/token', { grant_type: 'client_credentials', ...form });

async function send(s: Subject, claims: JWTPayload = {}, header: Record<string, unknown> = {}): Promise<Answer> {
  return ask(s, await assertion(s.key, s.client.consumerKey, s.server.issuer, claims, header));
}

function refused(answer: Answer, why: RegExp): void {
  assert.deepEqual([answer.status, answer.json.error], [401, 'invalid_client'], answer.text);
  assert.match(answer.json.error_description, why);
}

const rules: Rule<Subject>[] = [
  {
    section: '2.2',
    must: '200 for an assertion that the client signed',
    async check(s) {
      const answer = await send(s);
      assert.equal(answer.status, 200, answer.text);
    },
  },
  {
    section: '2.2',
    must: '401 for another client_assertion_type, or none',
    async check(s) {
      const { client_assertion = '' } = await assertion(s.key, s.client.consumerKey, s.server.issuer);
      refused(await ask(s, { client_assertion }), /unknown client/);
      refused(await ask(s, { client_assertion, client_assertion_type: 'saml2-bearer' }), /unknown client/);
    },
  },
  {
    section: '2.2',
    must: '400 beside a secret, or beside another client_id',
    async check(s) {
      const shown = await assertion(s.key, s.client.consumerKey, s.server.issuer);
      for (const more of [{ client_secret: s.client.consumerSecret }, { client_id: 'somebody' }]) {
        const answer = await ask(s, { ...shown, ...more } as Record<string, string>);
        assert.deepEqual([answer.status, answer.json.error], [400, 'invalid_request']);
      }
    },
  },
  {
    section: '3 (1, 2)',
    must: '401 unless iss and sub are the client',
    async check(s) {
      const other = await addClient(s.server);
      refused(await send(s, { iss: other.consumerKey }), /iss/);
      refused(await send(s, { sub: other.consumerKey }), /unknown client|registered no keys/);
      refused(await send(s, { iss: undefined as never }), /iss/);
      for (const sub of [undefined, null, 7, true, [], {}, { toString: 1 }, 'a\0b', '']) {
        refused(await send(s, { sub: sub as never }), /unknown client/);
      }
    },
  },
  {
    section: '3 (3)',
    must: '200 when aud is the issuer or any address of the token endpoint, alone or in a list, else 401',
    async check(s) {
      const { issuer, url } = s.server;
      for (const aud of [
        issuer,
        `${url}/oauth2/token`,
        'https://localhost:8243/token',
        ['https://a.example', issuer],
      ]) {
        assert.equal((await send(s, { aud })).status, 200, String(aud));
      }
      for (const aud of ['https://other.example/token', `${issuer}/`, issuer.toUpperCase(), [], undefined as never]) {
        refused(await send(s, { aud }), /aud/);
      }
    },
  },
  {
    section: '3 (4)',
    must: '401 without exp, after it, or with one more than ten minutes ahead',
    async check(s) {
      refused(await send(s, { exp: undefined as never }), /exp/);
      refused(await send(s, { exp: seconds() - 60 }), /expired/);
      refused(await send(s, { exp: seconds() + 3600 }), /600 s/);
      refused(await send(s, { exp: 'soon' as never }), /exp/);
    },
  },
  {
    section: '3 (5, 6)',
    must: '401 before nbf, or for an iat in the future',
    async check(s) {
      refused(await send(s, { nbf: seconds() + 120 }), /nbf/);
      refused(await send(s, { iat: seconds() + 120 }), /iat/);
    },
  },
  {
    section: '3 (7)',
    must: '401 without jti, and when it comes again, also at the same time',
    async check(s) {
      refused(await send(s, { jti: undefined as never }), /jti/);
      const shown = await assertion(s.key, s.client.consumerKey, s.server.issuer);
      const answers = await Promise.all([1, 2, 3, 4].map(() => ask(s, shown)));
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 401, 401, 401]);
      // As long as it could be good, its row stays.
      await sweepOnce(s.server.store, seconds());
      refused(await ask(s, shown), /used before/);
    },
  },
  {
    section: '3 (9)',
    must: '401 unless a registered key signed it: another key, none, a secret, an unknown kid, changed claims',
    async check(s) {
      const { consumerKey, consumerSecret } = s.client;
      const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
      const stranger = await newKey();
      refused(await ask(s, await assertion(stranger, consumerKey, s.server.issuer)), /no key of the client/);
      refused(await send(s, {}, { kid: 'two' }), /no key of the client/);
      const claims = { iss: consumerKey, sub: consumerKey, aud: s.server.issuer, jti: 'n', exp: seconds() + 60 };
      const none = new UnsecuredJWT(claims).encode();
      refused(await ask(s, { client_assertion: none, client_assertion_type: type }), /no key of the client/);
      for (const secret of [consumerSecret, JSON.stringify(s.key.jwk)]) {
        const hs256 = await new SignJWT(claims)
          .setProtectedHeader({ alg: 'HS256' })
          .sign(Buffer.from(secret.padEnd(32)));
        refused(await ask(s, { client_assertion: hs256, client_assertion_type: type }), /no key of the client/);
      }
      const { client_assertion = '' } = await assertion(s.key, consumerKey, s.server.issuer);
      const [head, , signature] = client_assertion.split('.');
      const other = Buffer.from(JSON.stringify({ ...claims, jti: 'changed' })).toString('base64url');
      const changed = { client_assertion: `${head}.${other}.${signature}`, client_assertion_type: type };
      refused(await ask(s, changed), /no key of the client/);
    },
  },
  {
    section: '3 (9)',
    must: '401 for a key that the token brings itself (jwk, jku, x5u, x5c)',
    async check(s) {
      const stranger = await newKey();
      for (const header of [
        { jwk: stranger.jwk },
        { jku: 'https://evil.example/' },
        { x5u: 'https://evil.example/' },
      ]) {
        const shown = await assertion(stranger, s.client.consumerKey, s.server.issuer, {}, header);
        refused(await ask(s, shown), /no key of the client/);
      }
    },
  },
  {
    section: '3 (10)',
    must: '401 for what is no JWT, or one for another purpose',
    async check(s) {
      const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
      for (const client_assertion of ['x', 'a.b.c', '..', 'e30.e30.']) {
        refused(await ask(s, { client_assertion, client_assertion_type }), /unknown client/);
      }
      refused(await send(s, {}, { typ: 'dpop+jwt' }), /typ/);
      assert.equal((await send(s, {}, { typ: 'client-authentication+jwt' })).status, 200);
    },
  },
  {
    section: '3.2',
    must: '401 for the secret of a client that has registered private_key_jwt, and for an assertion of one that has not',
    async check(s) {
      const answer = await s.server.post('/oauth2/token', { grant_type: 'client_credentials' }, s.client);
      refused(answer, /unknown client/);
      const usual = await addClient(s.server);
      await setMetadata(s.server, usual, { jwks: { keys: [s.key.jwk] } });
      refused(await ask(s, await assertion(s.key, usual.consumerKey, s.server.issuer)), /unknown client/);
    },
  },
];

verify('RFC 7523', rules, () => subject);

for (const alg of ['RS256', 'PS256', 'ES384', 'EdDSA']) {
  test(`200 with ${alg}`, async () => {
    const { server } = subject;
    const key = await newKey(alg);
    const client = await addClient(server);
    await setMetadata(server, client, { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [key.jwk] } });
    const answer = await ask(subject, await assertion(key, client.consumerKey, server.issuer));
    assert.equal(answer.status, 200, answer.text);
  });
}

test('keys at a jwks_uri: fetched once, once more for an unknown kid, kept while nobody answers there', async () => {
  const clock = new ManualClock(Date.now());
  await using server = await startAuthorizationServer({ clock });
  const [one, two] = [await newKey('ES256', 'one'), await newKey('ES256', 'two')];
  let published: unknown = { keys: [one.jwk] };
  let status = 200;
  let asked = 0;
  const web = createServer((_request, response) => {
    asked++;
    response.writeHead(status).end(JSON.stringify(published));
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  const jwks_uri = `http://127.0.0.1:${(web.address() as AddressInfo).port}/keys`;
  const client = await addClient(server);
  await setMetadata(server, client, { token_endpoint_auth_method: 'private_key_jwt', jwks_uri });
  const statusWith = async (key: SigningKey): Promise<number> => {
    const exp = Math.floor(clock.now() / 1000) + 60;
    const shown = await assertion(key, client.consumerKey, server.issuer, { exp, iat: exp - 60 });
    return (await server.post('/oauth2/token', { grant_type: 'client_credentials', ...shown })).status;
  };
  try {
    assert.deepEqual(await Promise.all([statusWith(one), statusWith(one)]), [200, 200]);
    assert.equal(asked, 1);
    published = { keys: [two.jwk] };
    assert.equal(await statusWith(two), 401, 'not asked again so soon');
    assert.equal(asked, 1);
    clock.advance(31_000);
    assert.equal(await statusWith(two), 200);
    assert.equal(asked, 2);
    assert.equal(await statusWith(one), 401, 'withdrawn');
    status = 500;
    clock.advance(700_000);
    assert.equal(await statusWith(two), 200, 'the last good ones');
    assert.equal(asked, 3);
  } finally {
    web.close();
  }
});

test('401 and no connection when the jwks_uri is on a private network that clients may not make it ask', async () => {
  await using server = await startAuthorizationServer({ privateAddresses: 'deny' });
  let asked = 0;
  const web = createServer((_request, response) => {
    asked++;
    response.end('{"keys":[]}');
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  try {
    const client = await addClient(server);
    const jwks_uri = `http://127.0.0.1:${(web.address() as AddressInfo).port}/`;
    await setMetadata(server, client, { token_endpoint_auth_method: 'private_key_jwt', jwks_uri });
    const shown = await assertion(await newKey(), client.consumerKey, server.issuer);
    refused(await server.post('/oauth2/token', { grant_type: 'client_credentials', ...shown }), /can not be had/);
    assert.equal(asked, 0);
  } finally {
    web.close();
  }
});
