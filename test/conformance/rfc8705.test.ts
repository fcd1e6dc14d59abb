/** Mutual TLS at the key manager: clients that show a certificate, and tokens that are bound to it. */
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { after, before, test } from 'node:test';
import { decodeJwt } from 'jose';
import * as client from 'openid-client';
import { Agent, fetch } from 'undici';
import type { ConsumerKey } from '../../src/adapters/key-managers/built-in.ts';
import type { PublicJwk } from '../../src/core/token.ts';
import type { ClientMetadata } from '../../src/key-manager/clients/client-metadata.ts';
import { minutes, type TestCertificate, testAuthority } from '../support/client-certificate.ts';
import {
  type AuthorizationServer,
  addClient,
  basic,
  setMetadata,
  startAuthorizationServer,
} from './authorization-server.ts';
import { type Rule, verify } from './rule.ts';

const authority = await testAuthority('Partners');
const stranger = await testAuthority('Strangers');
const listener = await authority.issue('localhost', { purpose: 'server', hosts: ['localhost'] });
const [ann, bob, late, mallory, asServer] = await Promise.all([
  authority.issue('ann'),
  authority.issue('bob'),
  authority.issue('late', { notBefore: minutes(-60), notAfter: minutes(-1) }),
  stranger.issue('ann'),
  authority.issue('ann', { purpose: 'server', hosts: ['ann.example'] }),
]);

interface Answer {
  readonly status: number;
  readonly challenge: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it with assertions
  readonly json: any;
}

interface Subject {
  readonly server: AuthorizationServer;
  /** A client with these metadata. */
  client(metadata: ClientMetadata, more?: Parameters<typeof addClient>[1]): Promise<ConsumerKey>;
}

const agents: Agent[] = [];
const agentFor = (shown: TestCertificate | null): Agent => {
  const agent = new Agent({ connect: { ca: authority.cert, ...shown } });
  agents.push(agent);
  return agent;
};

let subject: Subject;
before(async () => {
  const server = await startAuthorizationServer({
    tls: listener,
    clientAuthorities: [authority.cert],
    gatewayHeader: 'x-gateway',
  });
  await server.km.users.create({ name: 'mary', password: 'marys', roles: [] });
  subject = {
    server,
    async client(metadata, more = {}) {
      const key = await addClient(server, more);
      await setMetadata(server, key, metadata);
      return key;
    },
  };
});
after(async () => {
  await Promise.all(agents.map((agent) => agent.close()));
  await subject.server[Symbol.asyncDispose]();
});

interface Sent {
  readonly shown?: TestCertificate | null;
  readonly form?: Record<string, string>;
  readonly headers?: Record<string, string>;
  readonly path?: string;
}

async function send(
  { server }: Subject,
  { shown = null, form, headers = {}, path = '/oauth2/token' }: Sent,
): Promise<Answer> {
  const response = await fetch(server.url + path, {
    method: form ? 'POST' : 'GET',
    headers: { ...(form && { 'content-type': 'application/x-www-form-urlencoded' }), ...headers },
    dispatcher: agentFor(shown),
    ...(form && { body: new URLSearchParams(form).toString() }),
  });
  return {
    status: response.status,
    challenge: response.headers.get('www-authenticate') ?? '',
    json: await response.json(),
  };
}

const form = (key: ConsumerKey, more: Record<string, string> = {}) => ({
  grant_type: 'client_credentials',
  client_id: key.consumerKey,
  ...more,
});
const thumbprint = ({ cert }: TestCertificate): string =>
  createHash('sha256').update(new X509Certificate(cert).raw).digest('base64url');
const jwkOf = ({ cert }: TestCertificate): PublicJwk =>
  new X509Certificate(cert).publicKey.export({ format: 'jwk' }) as unknown as PublicJwk;
const byName = (name: string): ClientMetadata => ({
  token_endpoint_auth_method: 'tls_client_auth',
  tls_client_auth_subject_dn: name,
});

function refused(answer: Answer): void {
  assert.deepEqual([answer.status, answer.json.error], [401, 'invalid_client'], JSON.stringify(answer.json));
}

const rules: Rule<Subject>[] = [
  {
    section: '2.1',
    must: 'tls_client_auth: 200 with the certificate of an authority that is believed and the registered subject',
    async check(s) {
      const subjectName = (new X509Certificate(ann.cert).subject ?? '').split('\n').reverse().join(', ');
      for (const name of [subjectName, subjectName.replaceAll(', ', ',').replace(/cn=/i, 'cn=')]) {
        const answer = await send(s, { shown: ann, form: form(await s.client(byName(name))) });
        assert.equal(answer.status, 200, JSON.stringify(answer.json));
      }
    },
  },
  {
    section: '2.1',
    must: '401 with another subject, another authority, none, one that is over, one for servers, or a part of the name',
    async check(s) {
      const name = (new X509Certificate(ann.cert).subject ?? '').split('\n').reverse().join(',');
      const key = await s.client(byName(name));
      for (const shown of [bob, mallory, null, asServer]) refused(await send(s, { shown, form: form(key) }));
      const lateName = (new X509Certificate(late.cert).subject ?? '').split('\n').reverse().join(',');
      refused(await send(s, { shown: late, form: form(await s.client(byName(lateName))) }));
      for (const part of ['CN=ann', '', `${name},C=DE`]) {
        refused(await send(s, { shown: ann, form: form(await s.client(byName(part))) }));
      }
      refused(
        await send(s, { shown: ann, form: form(await s.client({ token_endpoint_auth_method: 'tls_client_auth' })) }),
      );
    },
  },
  {
    section: '2.1',
    must: '401 within a second for a name of 60,000 blanks, be it of an authority that is believed',
    async check(s) {
      const key = await s.client(byName('CN=ann,O=Test'));
      for (const issuer of [stranger, authority]) {
        const shown = await issuer.issue(`a${' '.repeat(60_000)}b`);
        const begin = performance.now();
        refused(await send(s, { shown, form: form(key) }));
        assert.ok(performance.now() - begin < 1000);
      }
    },
  },
  {
    section: '2.1.2',
    must: 'a name among the alternative ones will do where that is registered',
    async check(s) {
      const named = await authority.issue('eve', { hosts: ['eve.example', '192.0.2.7'] });
      const method = { token_endpoint_auth_method: 'tls_client_auth' };
      const asked = async (metadata: ClientMetadata) =>
        (await send(s, { shown: named, form: form(await s.client({ ...method, ...metadata })) })).status;
      assert.equal(await asked({ tls_client_auth_san_dns: 'eve.example' }), 200);
      assert.equal(await asked({ tls_client_auth_san_ip: '192.0.2.7' }), 200);
      assert.equal(await asked({ tls_client_auth_san_dns: 'ann.example' }), 401);
      assert.equal(await asked({ tls_client_auth_san_uri: 'eve.example' }), 401);
    },
  },
  {
    section: '2.2',
    must: 'self_signed_tls_client_auth: 200 with a certificate for a registered key, whoever issued it, else 401',
    async check(s) {
      const metadata = { token_endpoint_auth_method: 'self_signed_tls_client_auth', jwks: { keys: [jwkOf(mallory)] } };
      const key = await s.client(metadata);
      assert.equal((await send(s, { shown: mallory, form: form(key) })).status, 200);
      for (const shown of [ann, null]) refused(await send(s, { shown, form: form(key) }));
    },
  },
  {
    section: '2',
    must: '401 for a secret of such a client, and without the method no certificate helps',
    async check(s) {
      const key = await s.client({
        token_endpoint_auth_method: 'self_signed_tls_client_auth',
        jwks: { keys: [jwkOf(ann)] },
      });
      const authorization = basic(key.consumerKey, key.consumerSecret);
      refused(await send(s, { shown: ann, form: form(key), headers: { authorization } }));
      refused(await send(s, { shown: ann, form: form(await s.client({ jwks: { keys: [jwkOf(ann)] } })) }));
    },
  },
  {
    section: '2',
    must: 'the certificate of a gateway that passes the request on is nobody’s',
    async check(s) {
      const key = await s.client({
        token_endpoint_auth_method: 'self_signed_tls_client_auth',
        jwks: { keys: [jwkOf(ann)] },
      });
      refused(await send(s, { shown: ann, form: form(key), headers: { 'x-gateway': 'yes' } }));
    },
  },
  {
    section: '2',
    must: 'introspection and revocation take the certificate, too',
    async check(s) {
      const key = await s.client({
        token_endpoint_auth_method: 'self_signed_tls_client_auth',
        jwks: { keys: [jwkOf(ann)] },
      });
      const { json } = await send(s, { shown: ann, form: form(key) });
      const about = { client_id: key.consumerKey, token: json.access_token };
      const ask = (path: string, shown: TestCertificate | null) => send(s, { shown, form: about, path });
      assert.equal((await ask('/oauth2/introspect', ann)).json.active, true);
      refused(await ask('/oauth2/introspect', bob));
      refused(await ask('/oauth2/introspect', null));
    },
  },
  {
    section: '3.1, 3.2',
    must: 'cnf of JWT and of introspection is the SHA-256 of the certificate; opaque tokens likewise',
    async check(s) {
      for (const tokenType of ['JWT', 'OPAQUE'] as const) {
        const key = await s.client({ tls_client_certificate_bound_access_tokens: true }, { tokenType });
        const headers = { authorization: basic(key.consumerKey, key.consumerSecret) };
        const { json } = await send(s, { shown: ann, form: form(key), headers });
        assert.equal(json.token_type, 'Bearer');
        const cnf = { 'x5t#S256': thumbprint(ann) };
        if (tokenType === 'JWT') assert.deepEqual(decodeJwt(json.access_token).cnf, cnf);
        const about = { token: json.access_token };
        assert.deepEqual((await send(s, { form: about, headers, path: '/oauth2/introspect' })).json.cnf, cnf);
        const other = await send(s, { shown: bob, form: form(key), headers });
        assert.notEqual(other.json.access_token, json.access_token);
      }
    },
  },
  {
    section: '3.4',
    must: '400 without a certificate for a client whose tokens are bound to one',
    async check(s) {
      const key = await s.client({ tls_client_certificate_bound_access_tokens: true });
      const headers = { authorization: basic(key.consumerKey, key.consumerSecret) };
      const answer = await send(s, { form: form(key), headers });
      assert.deepEqual([answer.status, answer.json.error], [400, 'invalid_request']);
    },
  },
  {
    section: '3',
    must: 'userinfo: 401 invalid_token unless the certificate of the token is shown',
    async check(s) {
      const key = await s.client({ tls_client_certificate_bound_access_tokens: true });
      const headers = { authorization: basic(key.consumerKey, key.consumerSecret) };
      const user = { grant_type: 'password', username: 'mary', password: 'marys', scope: 'openid' };
      const { json } = await send(s, { shown: ann, form: user, headers });
      const asked = (shown: TestCertificate | null) =>
        send(s, { shown, headers: { authorization: `Bearer ${json.access_token}` }, path: '/oauth2/userinfo' });
      assert.equal((await asked(ann)).status, 200);
      for (const shown of [bob, null]) {
        const answer = await asked(shown);
        assert.equal(answer.status, 401);
        assert.match(answer.challenge, /^Bearer error="invalid_token"/);
      }
    },
  },
  {
    section: '7.1',
    must: 'a refresh token of a public client is good with its certificate only',
    async check(s) {
      const key = await s.client({
        token_endpoint_auth_method: 'none',
        tls_client_certificate_bound_access_tokens: true,
      });
      const user = { grant_type: 'password', username: 'mary', password: 'marys', client_id: key.consumerKey };
      const { json } = await send(s, { shown: ann, form: user });
      const refresh = { grant_type: 'refresh_token', refresh_token: json.refresh_token, client_id: key.consumerKey };
      const stolen = await send(s, { shown: bob, form: refresh });
      assert.deepEqual([stolen.status, stolen.json.error], [400, 'invalid_grant']);
      assert.equal((await send(s, { shown: ann, form: refresh })).status, 200);
    },
  },
  {
    section: '3.3, 2.1.1, 2.2.1',
    must: 'metadata say it; tls_client_auth only where an authority is believed',
    async check(s) {
      const { json } = await send(s, { path: '/.well-known/oauth-authorization-server' });
      assert.equal(json.tls_client_certificate_bound_access_tokens, true);
      const methods = ['tls_client_auth', 'self_signed_tls_client_auth'];
      for (const one of methods) assert.ok(json.token_endpoint_auth_methods_supported.includes(one), one);
      await using without = await startAuthorizationServer();
      const other = (await (
        await fetch(`${without.url}/.well-known/oauth-authorization-server`)
      ).json()) as typeof json;
      assert.ok(!other.token_endpoint_auth_methods_supported.includes('tls_client_auth'));
    },
  },
];

verify('RFC 8705', rules, () => subject);

test('openid-client: a token with self_signed_tls_client_auth, bound to the certificate', async () => {
  const { server } = subject;
  const key = await subject.client({
    token_endpoint_auth_method: 'self_signed_tls_client_auth',
    tls_client_certificate_bound_access_tokens: true,
    jwks: { keys: [jwkOf(bob)] },
  });
  const dispatcher = agentFor(bob);
  const config = await client.discovery(
    new URL(server.issuer),
    key.consumerKey,
    { use_mtls_endpoint_aliases: true },
    client.TlsClientAuth(),
    { [client.customFetch]: ((url: string, options: object) => fetch(url, { ...options, dispatcher })) as never },
  );
  const tokens = await client.clientCredentialsGrant(config);
  assert.deepEqual(decodeJwt(tokens.access_token).cnf, { 'x5t#S256': thumbprint(bob) });
});
