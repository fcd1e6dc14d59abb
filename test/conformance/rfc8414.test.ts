/** Authorization server metadata. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { type AuthorizationServer, addClient, startAuthorizationServer } from './authorization-server.ts';
import { type Rule, verify } from './rule.ts';

let server: AuthorizationServer;
before(async () => {
  server = await startAuthorizationServer();
});
after(() => server[Symbol.asyncDispose]());

const places = [
  '/.well-known/oauth-authorization-server',
  '/.well-known/oauth-authorization-server/oauth2/token',
  '/oauth2/token/.well-known/openid-configuration',
  '/oauth2/oidcdiscovery/.well-known/openid-configuration',
];
const metadata = async (server: AuthorizationServer) => (await fetch(server.url + places[1])).json();

const rules: Rule<AuthorizationServer>[] = [
  {
    section: '3.1',
    must: '200 in JSON at the place for the issuer, at the plain one, at that of OpenID Connect and at that of WSO2 API Manager',
    async check(server) {
      const documents = await Promise.all(
        places.map(async (place) => {
          const answer = await fetch(server.url + place);
          assert.equal(answer.status, 200);
          assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
          return answer.json();
        }),
      );
      for (const document of documents) assert.deepEqual(document, documents[0]);
    },
  },
  {
    section: '3.3',
    must: 'issuer is exactly that of the tokens',
    async check(server) {
      assert.equal(((await metadata(server)) as { issuer: string }).issuer, server.issuer);
    },
  },
  {
    section: '2',
    must: 'response_types_supported is there, and no claim without values besides',
    async check(server) {
      const document = (await metadata(server)) as Record<string, unknown>;
      assert.ok(Array.isArray(document.response_types_supported));
      for (const [name, value] of Object.entries(document)) {
        if (name !== 'response_types_supported') assert.notDeepEqual(value, [], name);
      }
    },
  },
  {
    section: '2',
    must: 'every address that it names is served',
    async check(server) {
      const document = (await metadata(server)) as Record<string, string>;
      const addresses = Object.entries(document).filter(([name]) => /_endpoint$|_uri$/.test(name));
      assert.ok(addresses.length >= 8);
      for (const [name, address] of addresses) assert.notEqual((await fetch(address)).status, 404, name);
    },
  },
  {
    section: '2',
    must: 'the keys are public, with kid, use and algorithm',
    async check(server) {
      const { jwks_uri } = (await metadata(server)) as { jwks_uri: string };
      const { keys } = (await (await fetch(jwks_uri)).json()) as { keys: Record<string, string>[] };
      assert.equal(keys.length, 1);
      for (const key of keys) {
        assert.ok(key.kid && key.use === 'sig' && key.alg === 'ES256');
        for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) assert.equal(key[secret], undefined);
      }
    },
  },
  {
    section: '2',
    must: 'where clients may sign, the algorithms are named for each endpoint, none not among them; methods are those that are served',
    async check(server) {
      const document = (await metadata(server)) as Record<string, string[]>;
      for (const endpoint of ['token', 'revocation', 'introspection']) {
        assert.ok(document[`${endpoint}_endpoint_auth_methods_supported`]?.includes('private_key_jwt'));
        const algorithms = document[`${endpoint}_endpoint_auth_signing_alg_values_supported`] ?? [];
        assert.ok(algorithms.includes('RS256') && algorithms.includes('ES256'));
        assert.deepEqual(
          algorithms.filter((one) => /^(none|HS.*)$/i.test(one)),
          [],
        );
      }
      assert.equal(document.introspection_endpoint_auth_methods_supported?.includes('none'), false);
      assert.equal(document.token_endpoint_auth_methods_supported?.includes('client_secret_jwt'), false);
    },
  },
  {
    section: '2',
    must: 'each grant that it names is known at the token endpoint, and no other',
    async check(server) {
      const { grant_types_supported: named } = (await metadata(server)) as { grant_types_supported: string[] };
      const client = await addClient(server);
      for (const grant_type of [...named, 'implicit', 'urn:openid:params:grant-type:ciba', 'password ', '__proto__']) {
        const { json } = await server.post('/oauth2/token', { grant_type }, client);
        assert.equal(json?.error === 'unsupported_grant_type', !named.includes(grant_type), grant_type);
      }
    },
  },
  {
    section: '3.2',
    must: '405 with Allow for another method',
    async check(server) {
      for (const place of [...places, '/oauth2/jwks']) {
        const answer = await fetch(server.url + place, { method: 'POST' });
        assert.deepEqual([answer.status, answer.headers.get('allow')], [405, 'GET, HEAD']);
      }
    },
  },
];

verify('RFC 8414', rules, () => server);
