/** JWT profile for access tokens, where the option says so. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { decodeJwt, decodeProtectedHeader, type JWTPayload, type ProtectedHeaderParameters } from 'jose';
import { gatewayAudience } from '../../src/core/token.ts';
import { ManualClock } from '../../src/platform/clock.ts';
import { type AuthorizationServer, addClient, startAuthorizationServer } from './authorization-server.ts';
import { exchange, newCode, startLoggedIn } from './code-flow.ts';
import { type Rule, verify } from './rule.ts';

interface Subject {
  readonly server: AuthorizationServer;
  readonly consumerKey: string;
  readonly token: string;
  readonly header: ProtectedHeaderParameters;
  readonly claims: JWTPayload;
}

let subject: Subject;
before(async () => {
  const server = await startAuthorizationServer({ options: { jwtProfile: 'RFC 9068' } });
  await server.km.users.create({ name: 'mary', password: 'marys', roles: [] });
  const key = await addClient(server);
  const form = { grant_type: 'password', username: 'mary', password: 'marys', scope: 'openid' };
  const token = (await server.post('/oauth2/token', form, key)).json.access_token;
  const [header, claims] = [decodeProtectedHeader(token), decodeJwt(token)];
  subject = { server, consumerKey: key.consumerKey, token, header, claims };
});
after(() => subject.server[Symbol.asyncDispose]());

const rules: Rule<Subject>[] = [
  {
    section: '2.1',
    must: 'typ is at+jwt, and the token is signed by an asymmetric algorithm',
    async check({ header }) {
      assert.deepEqual([header.typ, header.alg], ['at+jwt', 'ES256']);
    },
  },
  {
    section: '2.2',
    must: 'iss, exp, aud, sub, client_id, iat and jti are there',
    async check({ server, claims, consumerKey }) {
      assert.deepEqual([claims.iss, claims.aud, claims.sub], [server.issuer, gatewayAudience, 'mary@carbon.super']);
      assert.equal(claims.client_id, consumerKey);
      assert.ok(claims.jti && (claims.exp as number) > (claims.iat as number));
    },
  },
  {
    section: '2.2.3',
    must: 'scope is there where one was asked for',
    async check({ claims }) {
      assert.equal(claims.scope, 'openid');
    },
  },
  {
    section: '2.2.1',
    must: 'of a log-in it has auth_time and amr, after a refresh those of the log-in; of a client alone it has neither',
    async check() {
      const clock = new ManualClock(Date.now());
      const open = await startLoggedIn({ clock, options: { jwtProfile: 'RFC 9068' } });
      await using server = open.server;
      const first = (await exchange(server, open.client, await newCode(server, open.client, open.browser))).json;
      const { auth_time, amr, iat } = decodeJwt(first.access_token);
      assert.deepEqual(amr, ['pwd']);
      assert.ok((auth_time as number) <= (iat as number));
      clock.advance(60_000);
      const form = { grant_type: 'refresh_token', refresh_token: first.refresh_token };
      const next = (await server.post('/oauth2/token', form, open.client)).json;
      assert.equal(decodeJwt(next.access_token).auth_time, auth_time);
      const alone = (await server.post('/oauth2/token', { grant_type: 'client_credentials' }, open.client)).json;
      assert.deepEqual(
        [decodeJwt(alone.access_token).auth_time, decodeJwt(alone.access_token).amr],
        [undefined, undefined],
      );
    },
  },
  {
    section: '4',
    must: 'introspection and revocation know such a token as well; without the option it is of the type JWT',
    async check({ server, token }) {
      assert.ok(await server.km.introspect(token));
      await using usual = await startAuthorizationServer();
      const form = { grant_type: 'client_credentials' };
      const answer = await usual.post('/oauth2/token', form, await addClient(usual));
      assert.equal(decodeProtectedHeader(answer.json.access_token).typ, 'JWT');
      assert.equal(decodeJwt(answer.json.access_token).client_id, undefined);
    },
  },
];

verify('RFC 9068', rules, () => subject);
