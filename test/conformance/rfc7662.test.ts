/** Token introspection. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type { ConsumerKey } from '../../src/adapters/key-managers/built-in.ts';
import { updateClient } from '../../src/adapters/stores/clients.ts';
import { ManualClock } from '../../src/platform/clock.ts';
import {
  type AuthorizationServer,
  addClient,
  addSubscribedApplication,
  basic,
  startAuthorizationServer,
} from './authorization-server.ts';
import { type Rule, verify } from './rule.ts';

interface Subject {
  readonly server: AuthorizationServer;
  readonly clock: ManualClock;
  readonly client: ConsumerKey;
  readonly opaque: ConsumerKey;
  /** A new token of the application. */
  token(client: ConsumerKey): Promise<string>;
  /** As an administrator asks. */
  ask(token: string): ReturnType<AuthorizationServer['post']>;
}

let subject: Subject;
before(async () => {
  const clock = new ManualClock(1_700_000_000_000);
  const server = await startAuthorizationServer({ clock, gatewayHeader: 'x-gateway' });
  await server.km.users.create({ name: 'admin', password: 'admin', roles: ['admin'] });
  await server.km.users.create({ name: 'mary', password: 'marys', roles: [] });
  subject = {
    server,
    clock,
    client: await addSubscribedApplication(server),
    opaque: await addClient(server, { tokenType: 'OPAQUE' }),
    token: async (client) =>
      (await server.post('/oauth2/token', { grant_type: 'client_credentials' }, client)).json.access_token,
    ask: (token) => server.post(path, { token }, null, { authorization: basic('admin', 'admin') }),
  };
});
after(() => subject.server[Symbol.asyncDispose]());

const path = '/oauth2/introspect';

const rules: Rule<Subject>[] = [
  {
    section: '2.1',
    must: '400 invalid_request without a token or with a blank one',
    async check({ server, client }) {
      for (const form of [{}, { token: '' }]) {
        const answer = await server.post(path, form, client);
        assert.deepEqual([answer.status, answer.json.error], [400, 'invalid_request']);
      }
    },
  },
  {
    section: '2.1',
    must: 'a wrong or unknown token_type_hint does not matter; 405 for GET, so that no token stands in an address',
    async check({ server, client, opaque, token }) {
      for (const key of [client, opaque]) {
        for (const token_type_hint of ['refresh_token', 'something', '']) {
          const answer = await server.post(path, { token: await token(key), token_type_hint }, key);
          assert.equal(answer.json.active, true, token_type_hint);
        }
      }
      const answer = await fetch(`${server.url}${path}?token=x`, {
        headers: { authorization: basic(client.consumerKey, client.consumerSecret) },
      });
      assert.deepEqual([answer.status, answer.headers.get('allow')], [405, 'POST']);
    },
  },
  {
    section: '2.1',
    must: '401 for callers that are not authorized: nobody may scan for tokens',
    async check({ server, client, token }) {
      const form = { token: await token(client) };
      for (const authorization of [basic('admin', 'wrong'), basic('nobody', 'x'), 'Bearer x', null]) {
        const answer = await server.post(path, form, null, authorization === null ? {} : { authorization });
        assert.deepEqual([answer.status, answer.json.error], [401, 'invalid_client']);
        assert.match(answer.headers.get('www-authenticate') ?? '', /^Basic realm=/);
      }
      const wrongSecret = { ...client, consumerSecret: 'wrong' };
      assert.equal((await server.post(path, form, wrongSecret)).status, 401);
    },
  },
  {
    section: '2.1',
    must: '401 for wrong credentials beside a gateway’s certificate; right ones take nothing from the gateway',
    async check({ server, client, opaque, token }) {
      const form = { token: await token(client) };
      const gateway = { 'x-gateway': 'yes' };
      for (const wrong of [basic('admin', 'wrong'), basic(client.consumerKey, 'wrong'), 'Bearer x']) {
        const answer = await server.post(path, form, null, { ...gateway, authorization: wrong });
        assert.deepEqual([answer.status, answer.json.error], [401, 'invalid_client'], wrong);
      }
      assert.equal((await server.post(path, form, { ...client, consumerSecret: 'wrong' }, gateway)).status, 401);
      assert.equal((await server.post(path, form, opaque, gateway)).json.active, true);
    },
  },
  {
    section: '2.1',
    must: '403 for a user who is no administrator',
    async check({ server, client, token }) {
      const answer = await server.post(path, { token: await token(client) }, null, {
        authorization: basic('mary', 'marys'),
      });
      assert.deepEqual([answer.status, answer.json.error], [403, 'access_denied']);
    },
  },
  {
    section: '2.1',
    must: '200 for a gateway, an administrator, and the client itself by either method',
    async check({ server, client, token }) {
      const form = { token: await token(client) };
      const answers = [
        await server.post(path, form, null, { 'x-gateway': 'yes' }),
        await server.post(path, form, null, { authorization: basic('admin', 'admin') }),
        await server.post(path, form, client),
        await server.post(path, { ...form, client_id: client.consumerKey, client_secret: client.consumerSecret }),
      ];
      for (const answer of answers) assert.equal(answer.json.active, true, answer.text);
    },
  },
  {
    section: '2.2',
    must: 'what a live JWT and a live opaque token say',
    async check({ clock, client, opaque, token, ask, server }) {
      const now = clock.now() / 1000;
      for (const [of, type] of [
        [client, 'JWT'],
        [opaque, 'OPAQUE'],
      ] as const) {
        const { json, headers } = await ask(await token(of));
        const { jti, ...rest } = json;
        assert.deepEqual(rest, {
          active: true,
          client_id: of.consumerKey,
          username: 'admin@carbon.super',
          sub: 'admin@carbon.super',
          scope: 'am_application_scope default',
          token_type: 'Bearer',
          iss: server.issuer,
          aud: 'http://org.wso2.apimgt/gateway',
          iat: now,
          nbf: now,
          exp: now + 3600,
          aut: 'APPLICATION',
          consumerKey: of.consumerKey,
          keytype: 'PRODUCTION',
        });
        assert.equal(typeof jti, type === 'JWT' ? 'string' : 'undefined');
        assert.match(headers.get('content-type') ?? '', /^application\/json/);
        assert.equal(headers.get('cache-control'), 'no-store');
      }
    },
  },
  {
    section: '2.2',
    must: 'a dead token is inactive and nothing more: unknown, malformed, revoked, expired, of an inactive client',
    async check({ server, clock, client, opaque, token, ask }) {
      const revoked = await Promise.all([token(client), token(opaque)]);
      await server.post('/oauth2/revoke', { token: revoked[0] }, client);
      await server.post('/oauth2/revoke', { token: revoked[1] }, opaque);
      const inactive = await addClient(server);
      const ofInactive = await token(inactive);
      await server.store.transaction((tx) => updateClient(tx, inactive.consumerKey, { state: 'INACTIVE' }));
      const isInactive = async (dead: string) => {
        const answer = await ask(dead);
        assert.deepEqual([answer.status, answer.json], [200, { active: false }]);
      };
      for (const dead of ['unknown', 'a.b.c', '..', ...revoked, ofInactive]) await isInactive(dead);
      const expired = await Promise.all([token(client), token(opaque)]);
      clock.advance(3_599_999);
      for (const dead of expired) assert.equal((await ask(dead)).json.active, true, 'alive to its last millisecond');
      clock.advance(1);
      for (const dead of expired) await isInactive(dead);
    },
  },
  {
    section: '2.2',
    must: 'a refresh token and a jti are no access tokens',
    async check({ server, client, token, ask }) {
      const form = { grant_type: 'password', username: 'mary', password: 'marys' };
      const { refresh_token } = (await server.post('/oauth2/token', form, client)).json;
      const { jti } = (await ask(await token(client))).json;
      for (const other of [refresh_token, jti]) assert.deepEqual((await ask(other)).json, { active: false });
    },
  },
  {
    section: '4',
    must: 'a client learns nothing of tokens of others',
    async check({ server, client, opaque, token }) {
      const answer = await server.post(path, { token: await token(client) }, opaque);
      assert.deepEqual([answer.status, answer.json], [200, { active: false }]);
    },
  },
  {
    section: '4',
    must: 'a JWT is inactive when its signature, its claims or its very writing was changed',
    async check({ client, token, ask }) {
      const jwt = await token(client);
      const [header, payload, signature] = jwt.split('.') as [string, string, string];
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
      const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
      // The last character of 64 bytes has four spare bits.
      const last = signature.at(-1) as string;
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      const sibling = alphabet[alphabet.indexOf(last) ^ 1] as string;
      const changed = [
        `${header}.${encode({ ...claims, scope: 'all' })}.${signature}`,
        `${encode({ alg: 'none' })}.${payload}.`,
        `${encode({ alg: 'HS256' })}.${payload}.${signature}`,
        `${header}.${payload}.${signature.slice(0, -1)}${sibling}`,
        `${header}.${payload}.${signature}=`,
        `${header}.${payload}`,
      ];
      assert.deepEqual(
        Buffer.from(`${signature.slice(0, -1)}${sibling}`, 'base64url'),
        Buffer.from(signature, 'base64url'),
      );
      for (const token of changed) assert.deepEqual((await ask(token)).json, { active: false });
      assert.equal((await ask(jwt)).json.active, true);
    },
  },
];

verify('RFC 7662', rules, () => subject);
