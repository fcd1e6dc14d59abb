/** Token revocation. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type { ConsumerKey } from '../../src/adapters/key-managers/built-in.ts';
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
  readonly client: ConsumerKey;
  readonly other: ConsumerKey;
  active(token: string): Promise<boolean>;
  login(client?: ConsumerKey): Promise<{ access_token: string; refresh_token: string }>;
}

let subject: Subject;
before(async () => {
  const server = await startAuthorizationServer();
  await server.km.users.create({ name: 'admin', password: 'admin', roles: ['admin'] });
  const client = await addSubscribedApplication(server);
  subject = {
    server,
    client,
    other: await addClient(server),
    async active(token) {
      return (await server.post('/oauth2/introspect', { token }, null, { authorization: basic('admin', 'admin') })).json
        .active;
    },
    async login(by = client) {
      const form = { grant_type: 'password', username: 'admin', password: 'admin' };
      return (await server.post('/oauth2/token', form, by)).json;
    },
  };
});
after(() => subject.server[Symbol.asyncDispose]());

const path = '/oauth2/revoke';

const rules: Rule<Subject>[] = [
  {
    section: '2',
    must: 'refresh tokens and access tokens can be revoked',
    async check({ server, client, active, login }) {
      const first = await login();
      assert.equal((await server.post(path, { token: first.access_token }, client)).status, 200);
      assert.equal(await active(first.access_token), false);
      const second = await login();
      assert.equal((await server.post(path, { token: second.refresh_token }, client)).status, 200);
      const form = { grant_type: 'refresh_token', refresh_token: second.refresh_token };
      assert.equal((await server.post('/oauth2/token', form, client)).json.error, 'invalid_grant');
    },
  },
  {
    section: '2.1',
    must: '400 invalid_request without a token',
    async check({ server, client }) {
      for (const form of [{}, { token: '' }]) {
        const answer = await server.post(path, form, client);
        assert.deepEqual([answer.status, answer.json.error], [400, 'invalid_request']);
      }
    },
  },
  {
    section: '2.1',
    must: 'a public client revokes what is its own by its name alone, nothing of others, and a client with a secret not so',
    async check({ server, client, active, login }) {
      const app = await addClient(server);
      await setMetadata(server, app, { token_endpoint_auth_method: 'none' });
      const named = { consumerKey: app.consumerKey, consumerSecret: '' };
      const form = { grant_type: 'password', username: 'admin', password: 'admin', client_id: named.consumerKey };
      const { access_token: token } = (await server.post('/oauth2/token', form)).json;
      const { access_token: foreign } = await login();
      const by = (revoked: string, client_id: string) => server.post(path, { token: revoked, client_id });
      assert.equal((await by(foreign, named.consumerKey)).status, 401);
      assert.equal((await by(foreign, client.consumerKey)).status, 401);
      assert.equal(await active(foreign), true);
      assert.equal((await by(token, named.consumerKey)).status, 200);
      assert.equal(await active(token), false);
    },
  },
  {
    section: '2',
    must: '405 for anything but POST: a token stands in no address',
    async check({ server, active, login }) {
      const { access_token: token } = await login();
      const answer = await fetch(`${server.url}${path}?${new URLSearchParams({ token })}`);
      assert.deepEqual([answer.status, answer.headers.get('allow')], [405, 'POST']);
      assert.equal(await active(token), true);
    },
  },
  {
    section: '2.1',
    must: '401 for a client that is not who it says, and the token lives on',
    async check({ server, client, active, login }) {
      const { access_token: token } = await login();
      const wrong = { ...client, consumerSecret: 'wrong' };
      for (const by of [wrong, null]) {
        const answer = await server.post(path, { token }, by);
        assert.deepEqual([answer.status, answer.json.error], [401, 'invalid_client']);
        assert.match(answer.headers.get('www-authenticate') ?? '', /^Basic realm=/);
      }
      assert.equal(await active(token), true);
    },
  },
  {
    section: '2.1',
    must: '401 unauthorized_client for a token of another client, which lives on',
    async check({ server, client, other, active, login }) {
      const { access_token, refresh_token } = await login();
      for (const token of [access_token, refresh_token]) {
        const answer = await server.post(path, { token }, other);
        assert.deepEqual([answer.status, answer.json.error], [401, 'unauthorized_client']);
      }
      assert.equal(await active(access_token), true);
      const form = { grant_type: 'refresh_token', refresh_token };
      assert.equal((await server.post('/oauth2/token', form, client)).status, 200);
    },
  },
  {
    section: '2.1',
    must: 'revoking a refresh token invalidates the access tokens of the same grant',
    async check({ server, client, active, login }) {
      const { access_token, refresh_token } = await login();
      await server.post(path, { token: refresh_token }, client);
      assert.equal(await active(access_token), false);
    },
  },
  {
    section: '2.1',
    must: 'a wrong or unknown token_type_hint does not matter',
    async check({ server, client, active, login }) {
      for (const hint of ['refresh_token', 'nonsense']) {
        const { access_token: token } = await login();
        assert.equal((await server.post(path, { token, token_type_hint: hint }, client)).status, 200);
        assert.equal(await active(token), false);
      }
    },
  },
  {
    section: '2.2',
    must: '200 for a token that is unknown, malformed or revoked already',
    async check({ server, client, login }) {
      const { access_token } = await login();
      await server.post(path, { token: access_token }, client);
      for (const token of [access_token, 'unknown', 'a.b.c', '..', `${access_token}x`]) {
        const answer = await server.post(path, { token }, client);
        assert.equal(answer.status, 200, token);
        assert.equal(answer.text, '');
        assert.equal(answer.headers.get('revokedaccesstoken'), null);
      }
    },
  },
];

verify('RFC 7009', rules, () => subject);
