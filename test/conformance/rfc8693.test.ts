/** Token exchange. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type { ConsumerKey } from '../../src/adapters/key-managers/built-in.ts';
import { endSession } from '../../src/adapters/stores/end-session.ts';
import { ManualClock } from '../../src/platform/clock.ts';
import type { Browser } from '../support/browser.ts';
import {
  type AuthorizationServer,
  addClient,
  addSubscribedApplication,
  startAuthorizationServer,
} from './authorization-server.ts';
import { claimsOf, describe, exchange, isActive, loggedIn, newCode, refused } from './code-flow.ts';
import { type Rule, verify } from './rule.ts';
import { dpopProof, newKey } from './signing-client.ts';

interface Subject {
  readonly server: AuthorizationServer;
  readonly clock: ManualClock;
  /** At which mary has logged in. */
  readonly front: ConsumerKey;
  /** To which it sends her token on. */
  readonly back: ConsumerKey;
  readonly opaque: ConsumerKey;
  readonly browser: Browser;
}

let subject: Subject;
before(async () => {
  const clock = new ManualClock(Date.now());
  const server = await startAuthorizationServer({ clock });
  await server.km.users.create({ name: 'mary', password: 'marys', roles: [] });
  const front = await addSubscribedApplication(server);
  const back = await addClient(server);
  const opaque = await addClient(server, { tokenType: 'OPAQUE' });
  subject = { server, clock, front, back, opaque, browser: await loggedIn(server, front) };
});
after(() => subject.server[Symbol.asyncDispose]());

const grantType = 'urn:ietf:params:oauth:grant-type:token-exchange';
const type = (name: string) => `urn:ietf:params:oauth:token-type:${name}`;
const access = type('access_token');

const swap = (server: AuthorizationServer, key: ConsumerKey | null, form: Record<string, string>) =>
  server.post('/oauth2/token', { grant_type: grantType, subject_token_type: access, ...form }, key);

/** A token of mary. */
async function ofMary(server: AuthorizationServer, key: ConsumerKey, scope = 'openid read device_1') {
  const form = { grant_type: 'password', username: 'mary', password: 'marys', scope };
  return (await server.post('/oauth2/token', form, key)).json;
}

/** A token of a client itself, by which it says who acts. */
async function actor(server: AuthorizationServer, key: ConsumerKey) {
  const { access_token } = (await server.post('/oauth2/token', { grant_type: 'client_credentials' }, key)).json;
  return { actor_token: access_token, actor_token_type: access };
}

const revoke = (server: AuthorizationServer, key: ConsumerKey, token: string) =>
  server.post('/oauth2/revoke', { token }, key);

const rules: Rule<Subject>[] = [
  {
    section: '2.1',
    must: '400 for a token that is bound to a key, by who does not prove it (cnf, RFC 9449 section 6)',
    async check({ server, front }) {
      const key = await newKey('ES256');
      const proof = () => dpopProof(key, 'POST', `${server.url}/oauth2/token`);
      const ask = async (form: Record<string, string>, by: string | null) =>
        server.post('/oauth2/token', form, front, by === null ? {} : { dpop: by });
      const bound = await ask({ grant_type: 'password', username: 'mary', password: 'marys' }, await proof());
      assert.equal(bound.json.token_type, 'DPoP');
      const form = { grant_type: grantType, subject_token: bound.json.access_token, subject_token_type: access };
      refused(await ask(form, null), 'invalid_request');
      refused(
        await ask(form, await dpopProof(await newKey('ES256'), 'POST', `${server.url}/oauth2/token`)),
        'invalid_request',
      );
      const swapped = await ask(form, await proof());
      assert.deepEqual([swapped.status, swapped.json.token_type], [200, 'DPoP']);
    },
  },
  {
    section: '2.1',
    must: '400 invalid_request without subject_token or its type, for an unknown type, for actor_token and its type alone',
    async check({ server, back, front }) {
      const { access_token: subject_token } = await ofMary(server, front);
      const { actor_token } = await actor(server, back);
      for (const form of [
        {},
        { subject_token, subject_token_type: '' },
        { subject_token, subject_token_type: type('saml2') },
        { subject_token, subject_token_type: type('refresh_token') },
        { subject_token, actor_token },
        { subject_token, actor_token_type: access },
        { subject_token, requested_token_type: type('refresh_token') },
        { subject_token, requested_token_type: type('id_token') },
      ]) {
        refused(await swap(server, back, form), 'invalid_request');
      }
    },
  },
  {
    section: '2.1',
    must: '401 for a client that does not authenticate itself; 400 for one without the grant and for a public one',
    async check({ server, front }) {
      const { access_token: subject_token } = await ofMary(server, front);
      refused(await swap(server, null, { subject_token }), 'invalid_client', 401);
      const without = await addClient(server, { grantTypes: ['password'] });
      refused(await swap(server, without, { subject_token }), 'unauthorized_client');
      const app = await addClient(server);
      await describe(server, app, { token_endpoint_auth_method: 'none' });
      refused(await swap(server, null, { subject_token, client_id: app.consumerKey }), 'unauthorized_client');
    },
  },
  {
    section: '2.2.1',
    must: '200 with access_token, issued_token_type, token_type and what is left of subject_token’s life; no refresh token',
    async check({ server, clock, front, back, opaque }) {
      for (const from of [front, opaque]) {
        for (const to of [back, opaque]) {
          const own = from === to;
          const { access_token: subject_token } = await ofMary(server, from, `device_${Math.random()}`);
          clock.advance(1_000_000);
          const answer = await swap(server, to, { subject_token, ...(own ? {} : await actor(server, to)) });
          const { access_token, scope, ...rest } = answer.json;
          assert.deepEqual(rest, { issued_token_type: access, token_type: 'Bearer', expires_in: 2600 }, answer.text);
          assert.notEqual(access_token, subject_token);
          const { sub, exp, client_id } = (await server.post('/oauth2/introspect', { token: access_token }, to)).json;
          const now = Math.floor(clock.now() / 1000);
          assert.deepEqual([sub, client_id, exp], ['mary@carbon.super', to.consumerKey, now + 2600]);
          assert.match(scope, /^device_/);
        }
      }
    },
  },
  {
    section: '2.2.2',
    must: '400 invalid_request for a subject_token that is unknown, expired, revoked, of another type, or no user’s',
    async check({ server, clock, front, back }) {
      const by = await actor(server, back);
      const revoked = await ofMary(server, front);
      await revoke(server, front, revoked.access_token);
      const expired = await ofMary(server, front);
      const application = (await server.post('/oauth2/token', { grant_type: 'client_credentials' }, front)).json;
      for (const token of ['unknown', 'a.b.c', revoked.access_token, revoked.refresh_token, application.access_token]) {
        refused(await swap(server, back, { subject_token: token, ...by }), 'invalid_request');
      }
      refused(
        await swap(server, back, { subject_token: expired.access_token, subject_token_type: type('id_token'), ...by }),
        'invalid_request',
      );
      clock.advance(3_600_000);
      const late = { subject_token: expired.access_token, ...(await actor(server, back)) };
      refused(await swap(server, back, late), 'invalid_request');
    },
  },
  {
    section: '2.2.2',
    must: '400 invalid_target for another audience and for any resource; 200 for the audience of the gateways',
    async check({ server, front, back }) {
      const form = { subject_token: (await ofMary(server, front)).access_token, ...(await actor(server, back)) };
      refused(await swap(server, back, { ...form, audience: 'https://other.example' }), 'invalid_target');
      refused(await swap(server, back, { ...form, resource: 'https://api.example/' }), 'invalid_target');
      const audience = 'http://org.wso2.apimgt/gateway';
      assert.equal((await swap(server, back, { ...form, audience })).status, 200);
    },
  },
  {
    section: '2.1',
    must: 'scope only narrows: 400 invalid_scope for what subject_token has not; what the client itself may not have is dropped',
    async check({ server, front, back }) {
      const form = { subject_token: (await ofMary(server, front)).access_token, ...(await actor(server, back)) };
      refused(await swap(server, back, { ...form, scope: 'device_1 device_2' }), 'invalid_scope');
      refused(await swap(server, back, { ...form, scope: 'am_application_scope' }), 'invalid_scope');
      assert.equal((await swap(server, back, { ...form, scope: 'device_1' })).json.scope, 'device_1');
      // `read` is of an API to which only the other one is subscribed.
      assert.equal((await swap(server, back, form)).json.scope, 'device_1 openid');
    },
  },
  {
    section: '4.1',
    must: 'act says who acts, in the JWT and in introspection; who acted before stays in it',
    async check({ server, front, back, opaque }) {
      const first = await swap(server, back, {
        subject_token: (await ofMary(server, front)).access_token,
        ...(await actor(server, back)),
      });
      const act = { sub: 'admin@carbon.super', client_id: back.consumerKey };
      assert.deepEqual(claimsOf(first.json.access_token).act, act);
      const next = { subject_token: first.json.access_token, ...(await actor(server, opaque)) };
      const second = (await swap(server, opaque, next)).json;
      const { act: seen } = (await server.post('/oauth2/introspect', { token: second.access_token }, opaque)).json;
      assert.deepEqual(seen, { sub: 'admin@carbon.super', client_id: opaque.consumerKey, act });
      // Narrowing takes nothing of it away.
      const narrowed = await swap(server, back, { subject_token: first.json.access_token, scope: 'device_1' });
      assert.deepEqual(claimsOf(narrowed.json.access_token).act, act);
    },
  },
  {
    section: '1.1',
    must: '400 without actor_token for a token of another client, and with one that another client was given; 200 for the own token',
    async check({ server, front, back }) {
      const { access_token: subject_token } = await ofMary(server, front);
      refused(await swap(server, back, { subject_token }), 'invalid_request');
      refused(await swap(server, back, { subject_token, ...(await actor(server, front)) }), 'invalid_request');
      const own = await swap(server, front, { subject_token, scope: 'read' });
      assert.deepEqual([own.status, own.json.scope, claimsOf(own.json.access_token).act], [200, 'read', undefined]);
    },
  },
  {
    section: '1.1',
    must: '200 without actor_token where an option allows it',
    async check() {
      await using server = await startAuthorizationServer({ options: { exchangeImpersonation: true } });
      await server.km.users.create({ name: 'mary', password: 'marys', roles: [] });
      const front = await addSubscribedApplication(server);
      const { access_token: subject_token } = await ofMary(server, front);
      const { status, json } = await swap(server, await addClient(server), { subject_token });
      assert.deepEqual([status, claimsOf(json.access_token).act], [200, undefined]);
    },
  },
  {
    section: '3',
    must: 'an id token is taken from the client that it is for, gives what the user agreed to, and ends with the session, as what it gave',
    async check({ server, front, back, browser }) {
      const tokens = await exchange(server, front, await newCode(server, front, browser, { scope: 'openid read' }));
      const form = { subject_token: tokens.json.id_token, subject_token_type: type('id_token') };
      refused(await swap(server, back, { ...form, ...(await actor(server, back)) }), 'invalid_request');
      refused(await swap(server, front, { ...form, subject_token_type: access }), 'invalid_request');
      refused(await swap(server, front, { ...form, scope: 'device_9' }), 'invalid_scope');
      const { json } = await swap(server, front, { ...form, scope: 'read' });
      assert.equal(json.scope, 'read');
      const { json: other } = await swap(server, front, { ...form, scope: 'read' });
      await server.store.transaction((tx) => endSession(tx, claimsOf(tokens.json.id_token).sid, 1));
      for (const one of [json, other]) assert.equal(await server.km.introspect(one.access_token), null);
      refused(await swap(server, front, form), 'invalid_request');
    },
  },
  {
    section: '6',
    must: 'what came of a token is revoked with it, however it ends, and gateways are told; and not the other way round',
    async check({ server, front, back, opaque }) {
      const ends: ((tokens: Record<string, string>) => Promise<unknown>)[] = [
        (tokens) => revoke(server, front, tokens.access_token as string),
        (tokens) => revoke(server, front, tokens.refresh_token as string),
        (tokens) =>
          server.post(
            '/oauth2/token',
            { grant_type: 'refresh_token', refresh_token: tokens.refresh_token as string },
            front,
          ),
        () => server.km.revoker.revokeClient(front.consumerKey),
      ];
      for (const end of ends) {
        const tokens = await ofMary(server, front);
        const first = (await swap(server, back, { subject_token: tokens.access_token, ...(await actor(server, back)) }))
          .json;
        const second = (
          await swap(server, opaque, { subject_token: first.access_token, ...(await actor(server, opaque)) })
        ).json;
        const third = (await swap(server, back, { subject_token: first.access_token })).json;
        await revoke(server, back, third.access_token);
        assert.equal(await isActive(server, opaque, second.access_token), true);
        assert.equal(await isActive(server, front, tokens.access_token), true);
        await end(tokens);
        assert.equal(await isActive(server, back, first.access_token), false);
        assert.equal(await isActive(server, opaque, second.access_token), false);
        const { jti } = claimsOf(first.access_token);
        const told = server.store.db.selectFrom('entities').select('id').where('kind', '=', 'revocation');
        assert.equal((await told.where('id', 'like', `%${jti}%`).execute()).length, 1);
      }
    },
  },
  {
    section: '6',
    must: 'an opaque token that came of an exchange is handed out to nobody else, and none else instead of it',
    async check({ server, opaque, clock }) {
      // What the server answered before was revoked with its client in this very second.
      clock.advance(2000);
      const direct = await ofMary(server, opaque, 'device_7');
      const swapped = await swap(server, opaque, { subject_token: direct.access_token, scope: 'device_7' });
      assert.notEqual(swapped.json.access_token, direct.access_token);
      assert.equal((await ofMary(server, opaque, 'device_7')).access_token, direct.access_token);
    },
  },
];

verify('RFC 8693', rules, () => subject);
