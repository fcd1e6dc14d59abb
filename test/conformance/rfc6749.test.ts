/** The OAuth 2.0 framework, as far as the token endpoint shows it. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before } from 'node:test';
import type { ConsumerKey } from '../../src/adapters/key-managers/built-in.ts';
import {
  type Answer,
  type AuthorizationServer,
  addClient,
  addSubscribedApplication,
  basic,
  startAuthorizationServer,
} from './authorization-server.ts';
import { type Rule, verify } from './rule.ts';

interface Subject {
  readonly server: AuthorizationServer;
  readonly client: ConsumerKey;
  readonly other: ConsumerKey;
  readonly noGrants: ConsumerKey;
}

let subject: Subject;
before(async () => {
  const server = await startAuthorizationServer();
  await server.km.users.create({ name: 'mary', password: 'mary & söns+%', roles: [] });
  subject = {
    server,
    client: await addSubscribedApplication(server),
    other: await addClient(server),
    noGrants: await addClient(server, { grantTypes: [] }),
  };
});
after(() => subject.server[Symbol.asyncDispose]());

const path = '/oauth2/token';
const forClient = { grant_type: 'client_credentials' };
const forUser = { grant_type: 'password', username: 'mary', password: 'mary & söns+%' };

function refused(answer: Answer, status: number, error: string): void {
  assert.equal(answer.json?.error, error, answer.text);
  assert.equal(answer.status, status);
}

const rules: Rule<Subject>[] = [
  {
    section: '2.3',
    must: '400 invalid_request when a client uses more than one authentication method',
    check: async ({ server, client }) =>
      refused(
        await server.post(
          path,
          { ...forClient, client_id: client.consumerKey, client_secret: client.consumerSecret },
          client,
        ),
        400,
        'invalid_request',
      ),
  },
  {
    section: '2.3',
    must: '400 invalid_request for two Authorization fields, at every endpoint',
    async check({ server, client }) {
      const right = basic(client.consumerKey, client.consumerSecret);
      for (const [at, type] of [
        [path, 'application/x-www-form-urlencoded'],
        ['/oauth2/revoke', 'application/x-www-form-urlencoded'],
        ['/oauth2/introspect', 'application/x-www-form-urlencoded'],
        ['/client-registration/v0.17/register', 'application/json'],
      ] as const) {
        const { status, body } = await new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
          const call = request(server.url + at, {
            method: 'POST',
            headers: ['Host', 'a', 'Content-Type', type, 'Authorization', right, 'authorization', basic('mary', 'x')],
          });
          call.on('error', reject);
          call.on('response', async (response) =>
            resolve({ status: response.statusCode, body: (await response.toArray()).join('') }),
          );
          call.end('grant_type=client_credentials&token=x');
        });
        assert.deepEqual([status, JSON.parse(body).error], [400, 'invalid_request'], at);
        assert.match(body, /Authorization/);
      }
    },
  },
  {
    section: '2.3.1',
    must: '200 for a client with HTTP Basic, whatever the case of the scheme',
    async check({ server, client }) {
      const header = basic(client.consumerKey, client.consumerSecret).replace('Basic', 'bAsIc');
      assert.equal((await server.post(path, forClient, null, { authorization: header })).status, 200);
    },
  },
  {
    section: '2.3.1',
    must: '200 for id and secret that are form-encoded before they are joined',
    async check({ server, client }) {
      const encoded = (text: string) => [...text].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('');
      const header = basic(encoded(client.consumerKey), encoded(client.consumerSecret));
      assert.equal((await server.post(path, forClient, null, { authorization: header })).status, 200);
    },
  },
  {
    section: '2.3.1',
    must: '200 for a client with client_id and client_secret in the body',
    async check({ server, client }) {
      const form = { ...forClient, client_id: client.consumerKey, client_secret: client.consumerSecret };
      assert.equal((await server.post(path, form)).status, 200);
    },
  },
  {
    section: '2.3.1',
    must: '401 when the credentials stand in the URI, which they must not',
    async check({ server, client }) {
      const query = new URLSearchParams({ client_id: client.consumerKey, client_secret: client.consumerSecret });
      refused(await server.post(`${path}?${query}`, forClient), 401, 'invalid_client');
    },
  },
  {
    section: '3.2',
    must: '405 for anything but POST',
    async check({ server }) {
      for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
        const answer = await fetch(server.url + path, { method });
        assert.equal(answer.status, 405, method);
        assert.equal(answer.headers.get('allow'), 'POST');
        assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
      }
    },
  },
  {
    section: '3.2',
    must: '400 for a parameter without a value, which is the same as a missing one',
    check: async ({ server, client }) =>
      refused(await server.post(path, { grant_type: '' }, client), 400, 'invalid_request'),
  },
  {
    section: '3.2',
    must: '200 when unknown parameters are sent: they are ignored',
    async check({ server, client }) {
      assert.equal((await server.post(path, { ...forClient, shoe_size: '44' }, client)).status, 200);
    },
  },
  {
    section: '3.2',
    must: '400 invalid_request for a repeated parameter, even an unknown one',
    async check({ server, client }) {
      for (const form of [
        'grant_type=client_credentials&grant_type=client_credentials',
        'grant_type=client_credentials&scope=a&sc%6Fpe=b',
        'grant_type=client_credentials&x=&x=',
      ]) {
        refused(await server.post(path, form, client), 400, 'invalid_request');
      }
    },
  },
  {
    section: '3.2.1',
    must: '401 for a client that does not authenticate itself',
    async check({ server, client }) {
      refused(await server.post(path, forClient), 401, 'invalid_client');
      refused(await server.post(path, { ...forClient, client_id: client.consumerKey }), 401, 'invalid_client');
    },
  },
  {
    section: '3.3',
    must: 'the scope that was granted is stated when it differs from the one asked for',
    async check({ server, client }) {
      const answer = await server.post(path, { ...forUser, scope: 'read update nonsense' }, client);
      assert.equal(answer.json.scope, 'read');
    },
  },
  {
    section: '3.3',
    must: '400 invalid_scope for a malformed scope',
    async check({ server, client }) {
      for (const scope of ['a"b', 'a\\b', 'ä', 'a\tb']) {
        refused(await server.post(path, { ...forUser, scope }, client), 400, 'invalid_scope');
      }
    },
  },
  {
    section: '4.3.2',
    must: '200 with an access token and a refresh token for a name and password in UTF-8',
    async check({ server, client }) {
      const answer = await server.post(path, forUser, client);
      assert.equal(answer.status, 200, answer.text);
      assert.equal(typeof answer.json.access_token, 'string');
      assert.equal(typeof answer.json.refresh_token, 'string');
    },
  },
  {
    section: '4.3.2',
    must: '400 invalid_grant for a wrong password and for an unknown user, in the same words',
    async check({ server, client }) {
      const wrong = await server.post(path, { ...forUser, password: 'wrong' }, client);
      const unknown = await server.post(path, { ...forUser, username: 'nobody' }, client);
      refused(wrong, 400, 'invalid_grant');
      refused(unknown, 400, 'invalid_grant');
      assert.equal(wrong.text, unknown.text);
    },
  },
  {
    section: '4.3.2',
    must: '400 invalid_request when username or password is missing',
    async check({ server, client }) {
      refused(await server.post(path, { grant_type: 'password', username: 'mary' }, client), 400, 'invalid_request');
      refused(await server.post(path, { grant_type: 'password', password: 'x' }, client), 400, 'invalid_request');
    },
  },
  {
    section: '4.4.3',
    must: 'no refresh token with client credentials',
    async check({ server, client }) {
      const answer = await server.post(path, forClient, client);
      assert.equal(answer.status, 200);
      assert.equal('refresh_token' in answer.json, false);
    },
  },
  {
    section: '5.1',
    must: '200 in JSON with access_token, token_type and expires_in, not to be cached',
    async check({ server, client }) {
      const answer = await server.post(path, forClient, client);
      assert.equal(answer.status, 200);
      assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
      assert.equal(answer.headers.get('cache-control'), 'no-store');
      assert.equal(answer.headers.get('pragma'), 'no-cache');
      assert.equal(answer.json.token_type, 'Bearer');
      // A second may have ended since the token was issued.
      assert.ok([3600, 3599].includes(answer.json.expires_in), String(answer.json.expires_in));
      assert.equal(typeof answer.json.access_token, 'string');
    },
  },
  {
    section: '5.2',
    must: 'refusals are JSON too and not to be cached either',
    async check({ server, client }) {
      for (const form of [{ grant_type: 'nonsense' }, { ...forUser, password: 'wrong' }]) {
        const answer = await server.post(path, form, client);
        assert.equal(answer.status, 400);
        assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
        assert.equal(answer.headers.get('cache-control'), 'no-store');
        assert.equal(answer.headers.get('pragma'), 'no-cache');
      }
    },
  },
  {
    section: '5.2',
    must: '400 invalid_request when grant_type is missing',
    check: async ({ server, client }) => refused(await server.post(path, {}, client), 400, 'invalid_request'),
  },
  {
    section: '5.2',
    must: '400 unsupported_grant_type for a grant that the server does not know',
    check: async ({ server, client }) =>
      refused(await server.post(path, { grant_type: 'magic' }, client), 400, 'unsupported_grant_type'),
  },
  {
    section: '5.2',
    must: '400 unauthorized_client for a grant that the client may not use',
    check: async ({ server, noGrants }) =>
      refused(await server.post(path, forClient, noGrants), 400, 'unauthorized_client'),
  },
  {
    section: '5.2',
    must: '401 invalid_client with a Basic challenge for an unknown client and for a wrong secret',
    async check({ server, client }) {
      const wrong = [
        basic('unknown', 'secret'),
        basic(client.consumerKey, 'secret'),
        basic(client.consumerKey, ''),
        basic('', ''),
        'Basic !!!',
        'Basic',
        `Basic ${Buffer.from('nocolon').toString('base64')}`,
        'Bearer abc',
      ];
      for (const authorization of wrong) {
        const answer = await server.post(path, forClient, null, { authorization });
        refused(answer, 401, 'invalid_client');
        assert.equal(answer.headers.get('www-authenticate'), 'Basic realm="127.0.0.1"');
      }
    },
  },
  {
    section: '5.2',
    must: 'error_description keeps to the characters that are allowed in it',
    async check({ server, client }) {
      const answer = await server.post(path, 'a%22%5c%C3%A4=&a%22%5c%C3%A4=', client);
      refused(answer, 400, 'invalid_request');
      assert.match(answer.json.error_description, /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
    },
  },
  {
    section: '6',
    must: '200 with new tokens for a refresh token; without scope, all that was granted',
    async check({ server, client }) {
      const first = await server.post(path, { ...forUser, scope: 'read device_1' }, client);
      const next = await server.post(
        path,
        { grant_type: 'refresh_token', refresh_token: first.json.refresh_token },
        client,
      );
      assert.equal(next.status, 200, next.text);
      assert.equal(next.json.scope, 'device_1 read');
      assert.notEqual(next.json.access_token, first.json.access_token);
      assert.notEqual(next.json.refresh_token, first.json.refresh_token);
    },
  },
  {
    section: '6',
    must: '400 invalid_scope when a refresh asks for more than was granted',
    async check({ server, client }) {
      const { json } = await server.post(path, { ...forUser, scope: 'device_1' }, client);
      const form = { grant_type: 'refresh_token', refresh_token: json.refresh_token, scope: 'device_1 read' };
      refused(await server.post(path, form, client), 400, 'invalid_scope');
    },
  },
  {
    section: '6',
    must: 'a narrower refresh leaves the new refresh token with what was granted at first',
    async check({ server, client }) {
      let { json } = await server.post(path, { ...forUser, scope: 'read device_1' }, client);
      ({ json } = await server.post(
        path,
        { grant_type: 'refresh_token', refresh_token: json.refresh_token, scope: 'read' },
        client,
      ));
      assert.equal(json.scope, 'read');
      ({ json } = await server.post(path, { grant_type: 'refresh_token', refresh_token: json.refresh_token }, client));
      assert.equal(json.scope, 'device_1 read');
    },
  },
  {
    section: '6',
    must: '400 invalid_grant for a refresh token of another client, which stays good for its own',
    async check({ server, client, other }) {
      const { json } = await server.post(path, forUser, client);
      const form = { grant_type: 'refresh_token', refresh_token: json.refresh_token };
      refused(await server.post(path, form, other), 400, 'invalid_grant');
      assert.equal((await server.post(path, form, client)).status, 200);
    },
  },
  {
    section: '6',
    must: '400 invalid_grant for what is no refresh token, an access token among them',
    async check({ server, client }) {
      const { json } = await server.post(path, forUser, client);
      for (const token of ['nonsense', json.access_token]) {
        refused(
          await server.post(path, { grant_type: 'refresh_token', refresh_token: token }, client),
          400,
          'invalid_grant',
        );
      }
    },
  },
  {
    section: 'B',
    must: '200 for the content type with a parameter; plus signs and raw spaces are spaces',
    async check({ server, client }) {
      for (const scope of ['read+device_1', 'read device_1', 'read%20device_1']) {
        const form = `grant_type=password&username=mary&password=mary+%26+s%C3%B6ns%2B%25&scope=${scope}`;
        const answer = await server.post(path, form, client, {
          'content-type': 'Application/X-WWW-Form-URLencoded; charset=UTF-8',
        });
        assert.equal(answer.json.scope, 'device_1 read', answer.text);
      }
    },
  },
  {
    section: 'B',
    must: '400 invalid_request in JSON for other content types and malformed bodies',
    async check({ server, client }) {
      const form = new URLSearchParams(forClient).toString();
      for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x', 'nonsense', '']) {
        refused(await server.post(path, form, client, { 'content-type': type }), 400, 'invalid_request');
      }
      for (const body of ['grant_type=%', 'grant_type=%zz', 'grant_type=%ff', '%=x', 'grant_type=a%00b']) {
        refused(await server.post(path, body, client), 400, 'invalid_request');
      }
      refused(await postBytes(server, client, Buffer.from('grant_type=\xff', 'latin1')), 400, 'invalid_request');
    },
  },
  {
    section: 'B',
    must: '413 in JSON for a body over 64 kB',
    check: async ({ server, client }) =>
      refused(await server.post(path, `grant_type=${'x'.repeat(65_536)}`, client), 413, 'invalid_request'),
  },
];

/** A body that `fetch` would not send as it is. */
function postBytes(server: AuthorizationServer, client: ConsumerKey, body: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: basic(client.consumerKey, client.consumerSecret),
    };
    const sent = request(server.url + path, { method: 'POST', headers }, async (response) => {
      const text = (await response.toArray()).join('');
      resolve({ status: response.statusCode ?? 0, headers: new Headers(), text, json: JSON.parse(text) });
    });
    sent.on('error', reject).end(body);
  });
}

verify('RFC 6749', rules, () => subject);
