/** Clients that register themselves, and manage their registration (RFC 7592). */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as client from 'openid-client';
import { assignClient, type ClientRow, findClient } from '../../src/adapters/stores/clients.ts';
import {
  type AuthorizationServer,
  addClient,
  addSubscribedApplication,
  basic,
  setMetadata,
  startAuthorizationServer,
} from './authorization-server.ts';
import { type Rule, verify } from './rule.ts';
import { assertion, newKey } from './signing-client.ts';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it with assertions
  readonly json: any;
}

const redirect_uris = ['https://client.example/cb'];
const mary = { authorization: basic('mary', 'marys') };

async function start(options: Parameters<typeof startAuthorizationServer>[0] = {}): Promise<AuthorizationServer> {
  const server = await startAuthorizationServer(options);
  await server.km.users.create({ name: 'mary', password: 'marys', roles: ['Internal/subscriber'] });
  await server.km.users.create({ name: 'bob', password: 'bobbys', roles: [] });
  return server;
}

let server: AuthorizationServer;
before(async () => {
  server = await start();
});
after(() => server[Symbol.asyncDispose]());

async function send(
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, json: text === '' ? null : JSON.parse(text) };
}

const register = (s: AuthorizationServer, body: unknown, headers: Record<string, string> = mary): Promise<Answer> =>
  send('POST', `${s.url}/oauth2/register`, body, headers);

async function registered(s: AuthorizationServer, body: object = {}): Promise<Answer['json']> {
  const answer = await register(s, { redirect_uris, ...body });
  assert.equal(answer.status, 201, JSON.stringify(answer.json));
  return answer.json;
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
// biome-ignore lint/suspicious/noExplicitAny: what a registration answered
const manage = (of: any, method: string, body?: unknown, token = of.registration_access_token): Promise<Answer> =>
  send(method, of.registration_client_uri, body, bearer(token));
const tokenOf = (s: AuthorizationServer, id: string, secret: string) =>
  s.post('/oauth2/token', { grant_type: 'client_credentials' }, { consumerKey: id, consumerSecret: secret });

function refused(answer: Answer, status: number, error: string, why = /./): void {
  assert.deepEqual([answer.status, answer.json.error], [status, error], JSON.stringify(answer.json));
  assert.match(answer.json.error_description, why);
}

/** What can be registered again with PUT. */
// biome-ignore lint/suspicious/noExplicitAny: what a registration answered
const withoutOurs = (of: any): Record<string, unknown> => {
  const ours = [
    'registration_access_token',
    'registration_client_uri',
    'client_secret_expires_at',
    'client_id_issued_at',
  ];
  return Object.fromEntries(Object.entries(of).filter(([name]) => !ours.includes(name)));
};

const rules: Rule<AuthorizationServer>[] = [
  {
    section: '3.2.1',
    must: '201 with client_id, secret, when it expires, and all that is registered; not to be stored',
    async check(s) {
      const answer = await register(s, {
        redirect_uris,
        client_name: 'My app',
        unknown_field: 1,
        contacts: ['a@b.example'],
      });
      assert.equal(answer.status, 201);
      assert.match(answer.headers.get('cache-control') ?? '', /no-store/);
      const { client_id, client_secret, client_id_issued_at, registration_client_uri, ...rest } = answer.json;
      assert.ok(client_id && client_secret && Math.abs(client_id_issued_at * 1000 - Date.now()) < 60_000);
      assert.equal(registration_client_uri, `${s.url}/oauth2/register/${client_id}`);
      assert.match(rest.registration_access_token, /^[\w-]{43}$/);
      rest.registration_access_token = '';
      assert.deepEqual(rest, {
        client_secret_expires_at: 0,
        registration_access_token: '',
        client_name: 'My app',
        redirect_uris,
        contacts: ['a@b.example'],
        token_endpoint_auth_method: 'client_secret_basic',
        grant_types: ['authorization_code'],
        response_types: ['code'],
      });
    },
  },
  {
    section: '3.2.1',
    must: 'what was registered is what counts: grants, method, and a name that others have, too',
    async check(s) {
      const own = await registered(s, {
        client_name: 'Twice',
        token_endpoint_auth_method: 'client_secret_basic',
        grant_types: ['client_credentials'],
        redirect_uris: undefined,
      });
      const other = await registered(s, { client_name: 'Twice', grant_types: ['authorization_code'] });
      assert.equal(other.client_name, 'Twice');
      assert.notEqual(own.client_id, other.client_id);
      assert.equal((await tokenOf(s, own.client_id, own.client_secret)).status, 200);
      const refusal = await tokenOf(s, other.client_id, other.client_secret);
      assert.equal(refusal.json.error, 'unauthorized_client');
      const form = { grant_type: 'client_credentials', client_id: own.client_id, client_secret: own.client_secret };
      assert.equal((await s.post('/oauth2/token', form)).status, 401, 'Basic was registered');
    },
  },
  {
    section: '3',
    must: '401 without credentials or with wrong ones, 403 for a user without the role',
    async check(s) {
      refused(await register(s, { redirect_uris }, {}), 401, 'invalid_token');
      refused(await register(s, { redirect_uris }, { authorization: basic('mary', 'wrong') }), 401, 'invalid_token');
      refused(await register(s, { redirect_uris }, bearer('unknown')), 401, 'invalid_token');
      refused(await register(s, { redirect_uris }, { authorization: basic('bob', 'bobbys') }), 403, 'access_denied');
    },
  },
  {
    section: '3',
    must: 'an initial access token is one of a user with the scope apim:subscribe, as Bearer',
    async check(s) {
      const key = await addClient(s);
      const form = { grant_type: 'password', username: 'mary', password: 'marys' };
      const good = await s.post('/oauth2/token', { ...form, scope: 'apim:subscribe' }, key);
      assert.equal((await register(s, { redirect_uris }, bearer(good.json.access_token))).status, 201);
      const without = await s.post('/oauth2/token', form, key);
      refused(await register(s, { redirect_uris }, bearer(without.json.access_token)), 403, 'insufficient_scope');
    },
  },
  {
    section: '2, 3.2.2',
    must: '400 invalid_redirect_uri for addresses that browsers must not be sent to, or none with authorization_code',
    async check(s) {
      refused(await register(s, {}), 400, 'invalid_redirect_uri');
      refused(await register(s, { redirect_uris: [] }), 400, 'invalid_redirect_uri');
      const wrong = ['', '/cb', 'client.example', 'javascript:alert(1)', 'data:text/html,x', 'https://a.example/#x'];
      for (const uri of [...wrong, 'regexp=(https://a.example|https://b.example)', 'https://a.example/ b']) {
        refused(await register(s, { redirect_uris: [uri] }), 400, 'invalid_redirect_uri');
      }
      for (const uri of ['com.example.app:/cb', 'http://127.0.0.1/cb', 'https://a.example/cb?x=1']) {
        assert.equal((await register(s, { redirect_uris: [uri] })).status, 201, uri);
      }
    },
  },
  {
    section: '2, 3.2.2',
    must: '400 invalid_client_metadata for values that are not understood, or contradict each other',
    async check(s) {
      const { jwk, privateKey } = await newKey();
      const { exportJWK } = await import('jose');
      const jwks = { keys: [jwk] };
      const cases: object[] = [
        { token_endpoint_auth_method: 'client_secret_jwt' },
        { token_endpoint_auth_method: 'private_key_jwt' },
        { token_endpoint_auth_method: 'private_key_jwt', jwks, jwks_uri: 'https://client.example/keys' },
        { token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_subject_dn: 'CN=a' },
        { tls_client_auth_subject_dn: 'CN=a' },
        { jwks: { keys: [await exportJWK(privateKey)] } },
        { jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } },
        { jwks: { keys: [{ kty: 'EC' }] } },
        { jwks: [] },
        { jwks_uri: 'http://client.example/keys' },
        { jwks_uri: 'file:///etc/passwd' },
        { token_endpoint_auth_method: 'none', grant_types: ['client_credentials'], response_types: [] },
        { grant_types: ['unknown'] },
        { grant_types: ['authorization_code'], response_types: [] },
        { grant_types: ['client_credentials'], response_types: ['code'] },
        { response_types: ['token'] },
        { client_name: 'a\u202eb' },
        { client_name: 'x'.repeat(101) },
        { logo_uri: 'javascript:alert(1)' },
        { dpop_bound_access_tokens: 'yes' },
        { contacts: 'a@b.example' },
        { id_token_signed_response_alg: 'none' },
      ];
      for (const one of cases) refused(await register(s, { redirect_uris, ...one }), 400, 'invalid_client_metadata');
      for (const body of ['{', '[]', 'null', '""']) refused(await register(s, body), 400, 'invalid_client_metadata');
    },
  },
  {
    section: '2.3, 3.2.2',
    must: '400 unapproved_software_statement for a software statement',
    async check(s) {
      refused(
        await register(s, { redirect_uris, software_statement: 'e30.e30.' }),
        400,
        'unapproved_software_statement',
      );
    },
  },
  {
    section: '2',
    must: 'a public client gets no secret, and one with keys neither; of the keys the public part is kept',
    async check(s) {
      const open = await registered(s, { token_endpoint_auth_method: 'none' });
      assert.equal(open.client_secret, undefined);
      const key = await newKey();
      const signing = await registered(s, {
        token_endpoint_auth_method: 'private_key_jwt',
        grant_types: ['client_credentials'],
        jwks: { keys: [{ ...key.jwk, x5c: ['x'] }] },
      });
      assert.deepEqual([signing.client_secret, signing.jwks.keys[0].x5c], [undefined, undefined]);
      const shown = await assertion(key, signing.client_id, s.issuer);
      assert.equal((await s.post('/oauth2/token', { grant_type: 'client_credentials', ...shown })).status, 200);
    },
  },
  {
    section: '5 (RFC 7591)',
    must: 'the store has the registration access token as a hash only',
    async check(s) {
      const own = await registered(s);
      const rows = JSON.stringify(await s.store.db.selectFrom('clients').selectAll().execute());
      assert.ok(rows.includes(own.client_id) && !rows.includes(own.registration_access_token));
      assert.ok(!rows.includes(own.client_secret));
    },
  },
  {
    section: '2.1 (RFC 7592)',
    must: 'GET: 200 with what is registered',
    async check(s) {
      const own = await registered(s, { client_name: 'Reader', software_id: 'one' });
      const answer = await manage(own, 'GET');
      assert.equal(answer.status, 200);
      assert.deepEqual(answer.json, own);
    },
  },
  {
    section: '2 (RFC 7592)',
    must: '401 from when on the client acts for an application: who registered it manages it no more',
    async check(s) {
      const own = await registered(s);
      const { consumerKey } = await addSubscribedApplication(s);
      const { application_id } = (await findClient(s.store.db, consumerKey)) as ClientRow;
      const to = {
        application_id: application_id as string,
        key_type: 'SANDBOX',
        owner: 'admin@carbon.super',
      } as const;
      assert.equal(await s.store.transaction((tx) => assignClient(tx, own.client_id, to)), true);
      const change = { ...withoutOurs(own), grant_types: ['authorization_code', 'client_credentials'] };
      refused(await manage(own, 'PUT', change), 401, 'invalid_token');
      refused(await manage(own, 'DELETE'), 401, 'invalid_token');
      assert.equal((await findClient(s.store.db, own.client_id))?.grant_types.includes('client_credentials'), false);
    },
  },
  {
    section: '2 (RFC 7592)',
    must: '401 for another token, that of another client, none, and an unknown client',
    async check(s) {
      const [own, other] = [await registered(s), await registered(s)];
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const body = method === 'PUT' ? withoutOurs(own) : undefined;
        for (const token of [other.registration_access_token, 'x', own.client_secret]) {
          refused(await manage(own, method, body, token), 401, 'invalid_token');
        }
        refused(await send(method, own.registration_client_uri, body, mary), 401, 'invalid_token');
        const unknown = { ...own, registration_client_uri: `${s.url}/oauth2/register/unknown` };
        refused(await manage(unknown, method, body), 401, 'invalid_token');
      }
      const usual = await addClient(s);
      const uri = `${s.url}/oauth2/register/${usual.consumerKey}`;
      refused(await manage({ ...own, registration_client_uri: uri }, 'GET'), 401, 'invalid_token');
      assert.equal((await manage(own, 'GET')).status, 200);
    },
  },
  {
    section: '2.2 (RFC 7592)',
    must: 'PUT replaces all that is registered; what is left out is gone',
    async check(s) {
      const own = await registered(s, { client_name: 'Before', software_id: 'one' });
      const { software_id: _, ...rest } = withoutOurs(own);
      const change = { ...rest, client_name: 'After', grant_types: ['client_credentials'], response_types: [] };
      const answer = await manage(own, 'PUT', change);
      assert.equal(answer.status, 200, JSON.stringify(answer.json));
      assert.deepEqual([answer.json.client_name, answer.json.software_id], ['After', undefined]);
      assert.deepEqual((await manage(own, 'GET')).json, answer.json);
      assert.equal((await tokenOf(s, own.client_id, own.client_secret)).status, 200);
    },
  },
  {
    section: '2.2 (RFC 7592)',
    must: 'PUT: 400 for another client_id or secret, for what the server alone says, and for wrong values',
    async check(s) {
      const own = await registered(s);
      const same = withoutOurs(own);
      refused(await manage(own, 'PUT', { ...same, client_id: 'another' }), 400, 'invalid_request');
      refused(await manage(own, 'PUT', { ...same, client_id: undefined }), 400, 'invalid_request');
      refused(await manage(own, 'PUT', { ...same, client_secret: 'another' }), 400, 'invalid_request');
      refused(await manage(own, 'PUT', { ...same, client_id_issued_at: 1 }), 400, 'invalid_request');
      refused(await manage(own, 'PUT', own), 400, 'invalid_request');
      refused(await manage(own, 'PUT', { ...same, redirect_uris: ['x'] }), 400, 'invalid_redirect_uri');
      assert.deepEqual((await manage(own, 'GET')).json, own);
    },
  },
  {
    section: '2.3 (RFC 7592)',
    must: 'DELETE: 204, and nothing of the client is good any more, its tokens neither',
    async check(s) {
      const own = await registered(s, { grant_types: ['client_credentials'], redirect_uris: undefined });
      const { json } = await tokenOf(s, own.client_id, own.client_secret);
      assert.ok(await s.km.introspect(json.access_token));
      const answer = await manage(own, 'DELETE');
      assert.deepEqual([answer.status, answer.json], [204, null]);
      assert.equal(await s.km.introspect(json.access_token), null);
      assert.equal((await tokenOf(s, own.client_id, own.client_secret)).status, 401);
      refused(await manage(own, 'GET'), 401, 'invalid_token');
      const { entities } = await s.store.changes.snapshot();
      let told = false;
      for await (const { kind, value } of entities) {
        told ||= kind === 'revocation' && JSON.stringify(value).includes(own.client_id);
      }
      assert.ok(told, 'gateways are told');
    },
  },
];

verify('RFC 7591', rules, () => server);

test('anybody registers where the option says so, but only what sends users to log in', async () => {
  await using open = await start({ options: { openRegistration: true } });
  const answer = await register(open, { redirect_uris, grant_types: ['authorization_code', 'refresh_token'] }, {});
  assert.equal(answer.status, 201, JSON.stringify(answer.json));
  for (const name of ['client_credentials', 'password']) {
    const own = { redirect_uris, grant_types: ['authorization_code', name] };
    refused(await register(open, own, {}), 400, 'invalid_client_metadata', /without a user/);
    const more = { ...withoutOurs(answer.json), ...own };
    refused(await manage(answer.json, 'PUT', more), 400, 'invalid_client_metadata', /without a user/);
  }
  refused(await register(open, { redirect_uris }, { authorization: basic('mary', 'wrong') }), 401, 'invalid_token');
});

test('a client gets more grants only as long as its owner may register clients', async () => {
  await using s = await start();
  const own = await registered(s);
  const more = { ...withoutOurs(own), grant_types: ['authorization_code', 'client_credentials'] };
  await s.km.users.setRoles('mary', []);
  refused(await manage(own, 'PUT', more), 400, 'invalid_client_metadata', /without a user who may register/);
  assert.equal((await manage(own, 'PUT', withoutOurs(own))).status, 200);
  await s.km.users.setRoles('mary', ['Internal/subscriber']);
  assert.equal((await manage(own, 'PUT', more)).status, 200);
});

test('openid-client: registers itself with an initial access token, and gets a token', async () => {
  const key = await addClient(server);
  await setMetadata(server, key, {});
  const form = { grant_type: 'password', username: 'mary', password: 'marys', scope: 'apim:subscribe' };
  const { json } = await server.post('/oauth2/token', form, key);
  const config = await client.dynamicClientRegistration(
    new URL(server.issuer),
    { grant_types: ['client_credentials'], response_types: [], client_name: 'Judge' },
    undefined,
    { initialAccessToken: json.access_token, execute: [client.allowInsecureRequests] },
  );
  assert.equal((await client.clientCredentialsGrant(config)).token_type, 'bearer');
});
