/**
 * Attacks on JWTs (RFC 8725), at every place that takes one. Each place is shown every forgery of a token that is good there,
 * and every other kind of JWT that is signed by the same people for something else.
 */
import assert from 'node:assert/strict';
import { KeyObject, randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import type { ConsumerKey } from '../../src/adapters/key-managers/built-in.ts';
import { insertKeyManager } from '../../src/adapters/stores/key-managers.ts';
import { apiKeyAudience, gatewayAudience, type PublicJwk } from '../../src/core/token.ts';
import { type Backend, startBackend } from '../support/backend.ts';
import type { Browser } from '../support/browser.ts';
import { type Answer, call, closeConnections } from '../support/call.ts';
import { testAuthority } from '../support/client-certificate.ts';
import { startTestGateway, type TestGateway, testApi, testIssuer } from '../support/gateway.ts';
import { newSigner } from '../support/signer.ts';
import {
  type AuthorizationServer,
  addClient,
  addSubscribedApplication,
  setMetadata,
  startAuthorizationServer,
} from './authorization-server.ts';
import { exchange, isActive, loggedIn, newCode, redirectUri, requestUrl } from './code-flow.ts';
import { forgeries, rewrite, type Seen, signedWrongly } from './forgeries.ts';
import { assertion, dpopProof, newKey, type SigningKey } from './signing-client.ts';

const attacker = newSigner('evil');
const strangers = await testAuthority('Strangers');
const stranger = await strangers.issue('stranger');
const foreign = newSigner('foreign');
const foreignIssuer = 'https://issuer.example';

let server: AuthorizationServer;
let gateway: TestGateway;
let backend: Backend;
/** Where attackers publish keys: nobody must ever ask. */
let site: Server;
const asked: string[] = [];
let published: PublicJwk[];
let client: ConsumerKey;
/** It signs by itself: assertions by which it authenticates, and proofs. */
let signing: ConsumerKey;
let key: SigningKey;
let browser: Browser;
/** What a client is told of log-outs. */
const told = new EventEmitter();

before(async () => {
  site = createServer((request, response) => {
    if (request.method !== 'POST') asked.push(String(request.url));
    let body = '';
    request.on('data', (chunk) => void (body += chunk));
    request.on('end', () => {
      const token = new URLSearchParams(body).get('logout_token');
      if (token !== null) told.emit('token', token);
      response.end(JSON.stringify({ keys: [attacker.jwk] }));
    });
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  server = await startAuthorizationServer({
    options: {
      signingAlgorithm: 'RS256',
      otherAlgorithms: ['ES256'],
      assertionIssuers: [foreignIssuer],
    },
  });
  await server.km.users.create({ name: 'mary', password: 'marys', roles: ['Internal/subscriber'] });
  client = await addSubscribedApplication(server);
  await setMetadata(server, client, {
    id_token_signed_response_alg: 'ES256',
    backchannel_logout_uri: `${siteUrl()}/told`,
    post_logout_redirect_uris: [redirectUri],
  });
  signing = await addClient(server);
  key = await newKey('RS256', 'client');
  const metadata = { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [key.jwk] } };
  await setMetadata(server, signing, metadata);
  await server.store.transaction((tx) =>
    insertKeyManager(
      tx,
      {
        id: randomUUID(),
        tenant: 'carbon.super',
        name: foreignIssuer,
        issuer: foreignIssuer,
        enabled: 1,
        body: '{}',
        secrets: '{}',
      },
      { issuer: foreignIssuer, keys: [foreign.jwk], audience: null, foreign: true },
    ),
  );
  published = ((await (await fetch(`${server.url}/oauth2/jwks`)).json()) as { keys: PublicJwk[] }).keys;
  backend = await startBackend();
  const name = 'PizzaShackAPI';
  gateway = await startTestGateway({
    fixed: {
      entities: [
        testApi('pizzashack', backend.url, { name, security: { schemes: ['oauth2', 'api_key'] } }),
        {
          kind: 'policy',
          id: 'subscription|Gold',
          value: {
            level: 'subscription',
            name: 'Gold',
            limit: { count: 100_000, windowMs: 60_000 },
            stopOnQuota: true,
          },
        },
        testIssuer({ issuer: server.issuer, keys: published, audience: gatewayAudience, subscriptions: 'none' }),
        testIssuer({
          issuer: new URL('/api-keys', server.issuer).href,
          keys: published,
          audience: apiKeyAudience,
          subscriptions: 'claim',
          apiKeys: true,
        }),
      ],
    },
  });
  await gateway.gateway.serving;
  browser = await loggedIn(server, client);
});
after(async () => {
  closeConnections();
  site.close();
  site.closeAllConnections();
  await gateway.stop();
  await backend.close();
  await server[Symbol.asyncDispose]();
});

const siteUrl = (): string => `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
const tokenUrl = (): string => `${server.url}/oauth2/token`;
const menu = (): string => `${gateway.http}/pizzashack/1.0.0/menu`;

/** What a place said of a token: what it answered, and whether it has taken it for good. */
interface Outcome {
  readonly status: number;
  readonly taken: boolean;
  readonly text: string;
}

const byStatus = ({ status, text }: { status: number; text: string }): Outcome => ({
  status,
  taken: status === 200,
  text,
});
const ofCall = ({ status, body }: Answer): Outcome => byStatus({ status, text: body });

/** A kind of JWT. */
interface Kind {
  make(): Promise<string>;
  /** With which it is verified. */
  keys(): readonly PublicJwk[];
}

async function logIn(): Promise<{ access_token: string; id_token: string; refresh_token: string }> {
  return (await exchange(server, client, await newCode(server, client, browser, { scope: 'openid read' }))).json;
}

const kinds = {
  'access token': { make: async () => (await logIn()).access_token, keys: () => published },
  'id token': { make: async () => (await logIn()).id_token, keys: () => published },
  'API key': {
    async make() {
      const request = { applicationId: 'app-1', keyType: 'PRODUCTION', subject: 'mary', validity: 3600 } as const;
      return (await server.km.signApiKey(request))?.value ?? assert.fail('no API key');
    },
    keys: () => published,
  },
  'log-out token': {
    async make() {
      const other = await loggedIn(server, client);
      await exchange(server, client, await newCode(server, client, other, { scope: 'openid read' }));
      const token = once(told, 'token');
      await other.go(`${server.url}/oidc/logout`);
      await other.submit({ decision: 'log-out' });
      return (await token)[0];
    },
    keys: () => published,
  },
  'client assertion': {
    make: async () => (await assertion(key, signing.consumerKey, tokenUrl())).client_assertion as string,
    keys: () => [key.jwk],
  },
  'assertion of an issuer': {
    make: async () => foreign.sign({ iss: foreignIssuer, sub: 'mary', aud: tokenUrl() }, { typ: 'JWT' }),
    keys: () => [foreign.jwk],
  },
  'DPoP proof': { make: () => dpopProof(key, 'POST', tokenUrl()), keys: () => [key.jwk] },
  'DPoP proof for a token': {
    make: async () => dpopProof(key, 'GET', menu(), { accessToken: await boundToken() }),
    keys: () => [key.jwk],
  },
} satisfies Record<string, Kind>;
type KindName = keyof typeof kinds;

let bound: string | undefined;
async function boundToken(): Promise<string> {
  if (bound !== undefined) return bound;
  const dpop = await dpopProof(key, 'POST', tokenUrl());
  const answer = await server.post('/oauth2/token', { grant_type: 'client_credentials' }, client, { dpop });
  bound = answer.json.access_token as string;
  return bound;
}

interface Place {
  readonly takes: KindName;
  send(token: string): Promise<Outcome>;
  /** Characters; where a token stands in a field of the head, no others than visible ones either. */
  readonly longest?: number;
  /** What attackers may do here, for it gives them nothing. */
  readonly harmless?: RegExp;
}

const exchangeOf = (more: Record<string, string>) => async (token: string) =>
  byStatus(
    await server.post(
      '/oauth2/token',
      {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        ...Object.fromEntries(Object.entries(more).map(([name, value]) => [name, value === '' ? token : value])),
      },
      client,
    ),
  );
const typeOf = (name: string): string => `urn:ietf:params:oauth:token-type:${name}`;

const inHead = { longest: 8000 } as const;

const places: Readonly<Record<string, Place>> = {
  'the gateway': {
    takes: 'access token',
    ...inHead,
    send: async (token) => ofCall(await call(menu(), { headers: { authorization: `Bearer ${token}` } })),
  },
  'the gateway, as an API key': {
    takes: 'API key',
    ...inHead,
    send: async (token) => ofCall(await call(menu(), { headers: { apikey: token } })),
  },
  'the gateway, as a proof': {
    takes: 'DPoP proof for a token',
    ...inHead,
    send: async (token) =>
      ofCall(await call(menu(), { headers: { authorization: `DPoP ${await boundToken()}`, dpop: token } })),
  },
  introspection: {
    takes: 'access token',
    async send(token) {
      const { status, text, json } = await server.post('/oauth2/introspect', { token }, client);
      return { status, text, taken: json?.active === true };
    },
  },
  revocation: {
    takes: 'access token',
    async send(token) {
      const { status, text } = await server.post('/oauth2/revoke', { token }, client);
      return { status, text, taken: !(await isActive(server, client, seen.token)) };
    },
  },
  'user info': {
    takes: 'access token',
    ...inHead,
    async send(token) {
      const answer = await fetch(`${server.url}/oauth2/userinfo`, { headers: { authorization: `Bearer ${token}` } });
      return byStatus({ status: answer.status, text: await answer.text() });
    },
  },
  registration: {
    takes: 'access token',
    ...inHead,
    async send(token) {
      const answer = await fetch(`${server.url}/oauth2/register`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ redirect_uris: ['https://new.example/cb'] }),
      });
      const { status } = answer;
      // Its scope does not suffice, which is said of good ones only.
      return { status, text: await answer.text(), taken: status === 201 || status === 403 };
    },
  },
  'a log-out, as the hint': {
    takes: 'id token',
    ...inHead,
    async send(token) {
      // Whoever shows a good hint of another session is asked on a page that names its client.
      const url = `${server.url}/oidc/logout?${new URLSearchParams({ id_token_hint: token, post_logout_redirect_uri: redirectUri })}`;
      const answer = await fetch(url, { redirect: 'manual' });
      return { status: answer.status, text: await answer.text(), taken: answer.status === 303 };
    },
  },
  'a log-in, as the hint': {
    takes: 'id token',
    ...inHead,
    async send(token) {
      const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ');
      const url = requestUrl(server, client, { scope: 'openid', prompt: 'none', id_token_hint: token });
      const { status, headers } = await fetch(url, { redirect: 'manual', headers: { cookie } });
      const text = String(headers.get('location'));
      return { status, text, taken: /[?&]code=/.test(text) };
    },
  },
  'the token endpoint, of a client': {
    takes: 'client assertion',
    send: async (token) =>
      byStatus(
        await server.post('/oauth2/token', {
          grant_type: 'client_credentials',
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: token,
        }),
      ),
  },
  'the token endpoint, as a proof': {
    takes: 'DPoP proof',
    ...inHead,
    // Whoever has a key may prove that he has it: it is good for what is bound to it.
    harmless: /^(?:jwk|jwk and its kid|no kid)$/,
    send: async (token) =>
      byStatus(await server.post('/oauth2/token', { grant_type: 'client_credentials' }, client, { dpop: token })),
  },
  'the grant jwt-bearer': {
    takes: 'assertion of an issuer',
    send: async (token) =>
      byStatus(
        await server.post(
          '/oauth2/token',
          { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: token },
          client,
        ),
      ),
  },
  'an exchange, as an access token': {
    takes: 'access token',
    send: exchangeOf({ subject_token: '', subject_token_type: typeOf('access_token') }),
  },
  'an exchange, as a JWT': {
    takes: 'access token',
    send: exchangeOf({ subject_token: '', subject_token_type: typeOf('jwt') }),
  },
  'an exchange, as an id token': {
    takes: 'id token',
    send: exchangeOf({ subject_token: '', subject_token_type: typeOf('id_token') }),
  },
  'an exchange, of who acts': {
    takes: 'access token',
    send: async (token) =>
      exchangeOf({
        subject_token: await other('access token'),
        subject_token_type: typeOf('access_token'),
        actor_token: '',
        actor_token_type: typeOf('access_token'),
      })(token),
  },
};

const made = new Map<KindName, Promise<string>>();

/** One of the kind, which stays good as long as nobody takes it. */
function other(kind: KindName): Promise<string> {
  const known = made.get(kind) ?? kinds[kind].make();
  made.set(kind, known);
  return known;
}

/** What the attacker has seen at the place that is tested. */
let seen: Seen;

async function look({ takes, longest = 60_000 }: Place): Promise<Seen> {
  const der = stranger.cert.replace(/-----[^-]+-----|\s/g, '');
  const own = { privateKey: attacker.privateKey, jwk: attacker.jwk, certificate: der };
  return {
    token: await kinds[takes].make(),
    publicKeys: [...new Set([...kinds[takes].keys(), ...published])],
    guesses: [client.consumerSecret, client.consumerKey, signing.consumerKey, signing.consumerSecret],
    own,
    site: siteUrl(),
    longest,
  };
}

const isSendable = (token: string, { longest }: Place): boolean =>
  longest === undefined || /^[\x21-\x7e]+$/.test(token);

for (const [where, place] of Object.entries(places)) {
  for (const [attack, forge] of Object.entries(forgeries)) {
    test(`${where}: ${attack} is refused`, async () => {
      seen = await look(place);
      for (const [what, token] of Object.entries(forge(seen))) {
        if (!isSendable(token, place) || place.harmless?.test(what)) continue;
        const { status, taken, text } = await place.send(token);
        assert.equal(taken, false, `${what}: ${status} ${text}`);
        assert.ok(status < 500, `${what}: ${status} ${text}`);
      }
      assert.deepEqual(asked, []);
      const good = await place.send(seen.token);
      assert.equal(good.taken, true, `what is good is refused: ${good.status} ${good.text}`);
    });
  }

  test(`${where}: what was signed for something else is refused`, async () => {
    seen = await look(place);
    for (const kind of Object.keys(kinds) as KindName[]) {
      if (kind === place.takes) continue;
      const { status, taken, text } = await place.send(await other(kind));
      assert.equal(taken, false, `${kind}: ${status} ${text}`);
      assert.ok(status < 500, `${kind}: ${status} ${text}`);
    }
  });
}

/** Where clients and issuers send what they have signed themselves. */
const own = {
  'the token endpoint, of a client': () => KeyObject.from(key.privateKey),
  'the token endpoint, as a proof': () => KeyObject.from(key.privateKey),
  'the gateway, as a proof': () => KeyObject.from(key.privateKey),
  'the grant jwt-bearer': () => foreign.privateKey,
} as const;

for (const [where, signer] of Object.entries(own)) {
  test(`${where}: what its own signer writes wrongly is refused`, async () => {
    const place = places[where] as Place;
    for (const [what, how] of Object.entries(signedWrongly)) {
      const token = rewrite(await kinds[place.takes].make(), signer(), how);
      if (!isSendable(token, place)) continue;
      const { status, taken, text } = await place.send(token);
      assert.equal(taken, false, `${what}: ${status} ${text}`);
      assert.ok(status < 500, `${what}: ${status} ${text}`);
    }
  });
}
