/** Answers about tokens that are signed. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import type { ConsumerKey } from '../../src/adapters/key-managers/built-in.ts';
import { ManualClock } from '../../src/platform/clock.ts';
import {
  type AuthorizationServer,
  addClient,
  addSubscribedApplication,
  basic,
  setMetadata,
  startAuthorizationServer,
} from './authorization-server.ts';
import { type Rule, verify } from './rule.ts';

interface Subject {
  readonly server: AuthorizationServer;
  readonly clock: ManualClock;
  readonly client: ConsumerKey;
}

let subject: Subject;
before(async () => {
  const clock = new ManualClock(Date.now());
  const options = { otherAlgorithms: ['RS256', 'EdDSA'] };
  const server = await startAuthorizationServer({ clock, options, gatewayHeader: 'x-gateway' });
  await server.km.users.create({ name: 'admin', password: 'admin', roles: ['admin'] });
  subject = { server, clock, client: await addSubscribedApplication(server) };
});
after(() => subject.server[Symbol.asyncDispose]());

const path = '/oauth2/introspect';
const type = 'application/token-introspection+jwt';

const newToken = async ({ server, client }: Subject): Promise<string> =>
  (await server.post('/oauth2/token', { grant_type: 'client_credentials' }, client)).json.access_token;

const ask = ({ server, client }: Subject, token: string, key: ConsumerKey | null = client, headers = {}) =>
  server.post(path, { token }, key, { accept: type, ...headers });

async function read({ server, clock }: Subject, jwt: string) {
  const keys = createRemoteJWKSet(new URL(`${server.url}/oauth2/jwks`));
  return jwtVerify(jwt, keys, { typ: 'token-introspection+jwt', currentDate: new Date(clock.now()) });
}

const rules: Rule<Subject>[] = [
  {
    section: '4',
    must: 'JSON for who asks for nothing else, prefers it, or refuses the signed form',
    async check(all) {
      const token = await newToken(all);
      for (const accept of ['*/*', 'application/json', `application/json, ${type};q=0.9`, `${type};q=0`]) {
        const answer = await ask(all, token, all.client, { accept });
        assert.equal(answer.json?.active, true, accept);
      }
    },
  },
  {
    section: '4',
    must: 'signed for who names the form, however it is written, and for who takes JSON as well as that',
    async check(all) {
      const token = await newToken(all);
      for (const accept of [type, type.toUpperCase(), `${type}, application/json`, `${type}, application/json;q=0.5`]) {
        const answer = await ask(all, token, all.client, { accept });
        assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, type], accept);
      }
    },
  },
  {
    section: '5',
    must: 'typ, iss, aud (the client) and iat; what is said of the token stands in token_introspection',
    async check(all) {
      const token = await newToken(all);
      const { payload, protectedHeader } = await read(all, (await ask(all, token)).text);
      const { token_introspection, ...rest } = payload;
      assert.equal(protectedHeader.typ, 'token-introspection+jwt');
      const { issuer } = all.server;
      assert.deepEqual(rest, { iss: issuer, aud: all.client.consumerKey, iat: Math.floor(all.clock.now() / 1000) });
      assert.deepEqual(token_introspection, (await ask(all, token, all.client, { accept: '*/*' })).json);
    },
  },
  {
    section: '5',
    must: 'of a token that is dead, or that of another client, active=false and nothing else',
    async check(all) {
      const other = await addClient(all.server);
      for (const [token, key] of [
        ['unknown', all.client],
        [await newToken(all), other],
      ] as const) {
        const { payload } = await read(all, (await ask(all, token, key)).text);
        assert.deepEqual(payload.token_introspection, { active: false });
        assert.equal(payload.aud, key.consumerKey);
      }
    },
  },
  {
    section: '5',
    must: 'an administrator gets one for himself; 406 for a gateway, which has no name that it could be for',
    async check(all) {
      const token = await newToken(all);
      const { payload } = await read(
        all,
        (await ask(all, token, null, { authorization: basic('admin', 'admin') })).text,
      );
      assert.equal(payload.aud, 'admin@carbon.super');
      assert.equal((payload.token_introspection as { active: boolean }).active, true);
      const refused = await ask(all, token, null, { 'x-gateway': 'yes' });
      assert.deepEqual([refused.status, refused.json.error], [406, 'invalid_request']);
    },
  },
  {
    section: '5',
    must: '401 in JSON for nobody and for wrong credentials',
    async check(all) {
      for (const key of [null, { ...all.client, consumerSecret: 'wrong' }]) {
        const answer = await ask(all, 'any', key);
        assert.deepEqual([answer.status, answer.json.error], [401, 'invalid_client']);
      }
    },
  },
  {
    section: '6',
    must: 'signed with RS256, or with what introspection_signed_response_alg says',
    async check(all) {
      const { server } = all;
      const client = await addClient(server);
      const algorithm = async () => (await read(all, (await ask(all, 'any', client)).text)).protectedHeader.alg;
      assert.equal(await algorithm(), 'RS256');
      await setMetadata(server, client, { introspection_signed_response_alg: 'EdDSA' });
      assert.equal(await algorithm(), 'EdDSA');
    },
  },
  {
    section: '6',
    must: 'introspection_signed_response_alg is registered; 400 for one that there is no key for, and for encryption',
    async check({ server }) {
      const register = async (metadata: object) => {
        const answer = await fetch(`${server.url}/oauth2/register`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: basic('admin', 'admin') },
          body: JSON.stringify({ redirect_uris: ['https://client.example/cb'], ...metadata }),
        });
        return [answer.status, (await answer.json()) as Record<string, string>] as const;
      };
      const [status, registered] = await register({ introspection_signed_response_alg: 'ES256' });
      assert.deepEqual([status, registered.introspection_signed_response_alg], [201, 'ES256']);
      for (const metadata of [
        { introspection_signed_response_alg: 'HS256' },
        { introspection_signed_response_alg: 'PS256' },
        { introspection_signed_response_alg: 'none' },
        { introspection_encrypted_response_alg: 'RSA-OAEP' },
        { introspection_encrypted_response_enc: 'A128GCM' },
      ]) {
        const [refused, { error, error_description }] = await register(metadata);
        assert.deepEqual([refused, error], [400, 'invalid_client_metadata']);
        assert.ok(error_description?.startsWith(Object.keys(metadata)[0] as string), String(error_description));
      }
    },
  },
  {
    section: '7',
    must: 'the metadata name the algorithms, and no encryption',
    async check({ server }) {
      const answer = await fetch(`${server.url}/.well-known/oauth-authorization-server`);
      const metadata = (await answer.json()) as Record<string, string[]>;
      assert.deepEqual(metadata.introspection_signing_alg_values_supported, ['ES256', 'RS256', 'EdDSA']);
      assert.deepEqual(
        Object.keys(metadata).filter((name) => name.startsWith('introspection_encryption')),
        [],
      );
    },
  },
  {
    section: '8.1',
    must: 'the answer is no access token, no id token and no assertion, here or for others: neither sub nor exp',
    async check(all) {
      const { server, client } = all;
      const jwt = (await ask(all, await newToken(all))).text;
      const { payload } = await read(all, jwt);
      assert.deepEqual([payload.sub, payload.exp], [undefined, undefined]);
      assert.deepEqual((await ask(all, jwt, client, { accept: '*/*' })).json, { active: false });
      const info = await fetch(`${server.url}/oauth2/userinfo`, { headers: { authorization: `Bearer ${jwt}` } });
      assert.equal(info.status, 401);
      const bearer = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: jwt };
      assert.equal((await server.post('/oauth2/token', bearer, client)).status, 400);
    },
  },
  {
    section: '5',
    must: 'an answer keeps the key that signed it published for a day, not for ever',
    async check({ server, client }) {
      for (let i = 0; i < 3; i++) await server.post(path, { token: 'any' }, client, { accept: type });
      const [rs256] = (await server.km.signingKeys.list()).filter(({ algorithm }) => algorithm === 'RS256');
      assert.ok((rs256?.neededUntil ?? Infinity) < (rs256?.signsFrom ?? 0) + 4 * 86_400);
    },
  },
];

verify('RFC 9701', rules, () => subject);
