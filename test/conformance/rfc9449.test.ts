/** DPoP at the key manager: tokens bound to a key that their bearer proves. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { decodeJwt, UnsecuredJWT } from 'jose';
import type { ConsumerKey } from '../../src/adapters/key-managers/built-in.ts';
import { ManualClock } from '../../src/platform/clock.ts';
import { Browser } from '../support/browser.ts';
import {
  type Answer,
  type AuthorizationServer,
  addClient,
  setMetadata,
  startAuthorizationServer,
} from './authorization-server.ts';
import { type Rule, verify } from './rule.ts';
import { dpopProof, newKey, type ProofOptions, type SigningKey, seconds, thumbprintOf } from './signing-client.ts';

interface Subject {
  readonly server: AuthorizationServer;
  readonly client: ConsumerKey;
  readonly opaque: ConsumerKey;
  /** A public one. */
  readonly app: ConsumerKey;
  readonly key: SigningKey;
}

const callbackUrl = 'https://client.example/cb';
const verifier = 'v'.repeat(43);

async function start(options: Parameters<typeof startAuthorizationServer>[0] = {}): Promise<Subject> {
  const server = await startAuthorizationServer(options);
  await server.km.users.create({ name: 'mary', password: 'marys', roles: [] });
  const app = await addClient(server, { callbackUrl });
  await setMetadata(server, app, { token_endpoint_auth_method: 'none' });
  const opaque = await addClient(server, { tokenType: 'OPAQUE' });
  return { server, client: await addClient(server, { callbackUrl }), opaque, app, key: await newKey() };
}

let subject: Subject;
before(async () => {
  subject = await start();
});
after(() => subject.server[Symbol.asyncDispose]());

const tokenUrl = ({ server }: Subject): string => `${server.url}/oauth2/token`;
const password = { grant_type: 'password', username: 'mary', password: 'marys', scope: 'openid' };

const ask = (
  { server, client }: Subject,
  proof: string | null,
  form: Record<string, string> = password,
  as: ConsumerKey | null = client,
): Promise<Answer> => server.post('/oauth2/token', form, as, proof === null ? {} : { dpop: proof });

/** The answer to a proof with these differences. */
const askWith = async (s: Subject, options: ProofOptions, method = 'POST', url = tokenUrl(s)): Promise<Answer> =>
  ask(s, await dpopProof(s.key, method, url, options));

function refused(answer: Answer, why: RegExp, error = 'invalid_dpop_proof'): void {
  assert.deepEqual([answer.status, answer.json.error], [400, error], answer.text);
  assert.match(answer.json.error_description, why);
}

async function issued(s: Subject, as = s.client, form: Record<string, string> = password, key = s.key) {
  const answer = await ask(s, await dpopProof(key, 'POST', tokenUrl(s)), form, as);
  assert.deepEqual([answer.status, answer.json.token_type], [200, 'DPoP'], answer.text);
  return answer.json as { access_token: string; refresh_token: string };
}

const publicForm = (s: Subject, form: Record<string, string>) => ({ client_id: s.app.consumerKey, ...form });

async function code(s: Subject, client: ConsumerKey, more: Record<string, string>): Promise<Record<string, string>> {
  const request = new URLSearchParams({
    client_id: client.consumerKey,
    response_type: 'code',
    redirect_uri: callbackUrl,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...more,
  });
  const browser = new Browser(s.server.url);
  let place = await browser.go(`${s.server.url}/oauth2/authorize?${request}`);
  if (place.startsWith(s.server.url)) place = await browser.submit({ username: 'mary', password: 'marys' });
  if (place.startsWith(s.server.url)) place = await browser.submit({ decision: 'agree' });
  const back = new URL(place).searchParams;
  if (!back.has('code')) return { error: back.get('error') ?? '' };
  const grant = { grant_type: 'authorization_code', redirect_uri: callbackUrl, code_verifier: verifier };
  return { ...grant, code: back.get('code') ?? '' };
}

const userinfo = async (s: Subject, headers: Record<string, string>) =>
  fetch(`${s.server.url}/oauth2/userinfo`, { headers });

const rules: Rule<Subject>[] = [
  {
    section: '5, 6.1',
    must: 'token_type DPoP, and cnf.jkt in the JWT is the thumbprint of the key',
    async check(s) {
      const { access_token } = await issued(s);
      assert.deepEqual(decodeJwt(access_token).cnf, { jkt: await thumbprintOf(s.key) });
      const without = await ask(s, null);
      assert.equal(without.json.token_type, 'Bearer');
      assert.equal(decodeJwt(without.json.access_token).cnf, undefined);
    },
  },
  {
    section: '6.2',
    must: 'introspection says cnf and token_type, of opaque tokens too',
    async check(s) {
      for (const client of [s.client, s.opaque]) {
        const { access_token } = await issued(s, client);
        const { json } = await s.server.post('/oauth2/introspect', { token: access_token }, client);
        assert.deepEqual([json.active, json.token_type, json.cnf], [true, 'DPoP', { jkt: await thumbprintOf(s.key) }]);
      }
    },
  },
  {
    section: '6',
    must: 'an opaque token is handed out again for the same key only',
    async check(s) {
      const other = await newKey();
      const one = await issued(s, s.opaque);
      assert.equal((await issued(s, s.opaque)).access_token, one.access_token);
      assert.notEqual((await issued(s, s.opaque, password, other)).access_token, one.access_token);
      const plain = await ask(s, null, password, s.opaque);
      assert.equal(plain.json.token_type, 'Bearer');
      assert.notEqual(plain.json.access_token, one.access_token);
    },
  },
  {
    section: '4.3 (1)',
    must: '400 for more than one field DPoP',
    async check(s) {
      const proofs = [await dpopProof(s.key, 'POST', tokenUrl(s)), await dpopProof(s.key, 'POST', tokenUrl(s))];
      refused(await ask(s, proofs.join(', ')), /expected a JWT/);
    },
  },
  {
    section: '4.3 (2, 3)',
    must: '400 for what is no JWT, or lacks jti, htm, htu or iat',
    async check(s) {
      for (const proof of ['x', 'a.b.c', 'e30.e30.', '..']) refused(await ask(s, proof), /expected a JWT/);
      for (const name of ['jti', 'htm', 'htu', 'iat']) {
        refused(await askWith(s, { claims: { [name]: undefined } }), new RegExp(name));
      }
    },
  },
  {
    section: '4.3 (4, 5)',
    must: '400 for another typ, for alg none, and for a secret as a key',
    async check(s) {
      for (const typ of ['JWT', 'at+jwt', undefined]) refused(await askWith(s, { header: { typ } }), /typ|expected/);
      const claims = { jti: 'n', htm: 'POST', htu: tokenUrl(s), iat: seconds() };
      refused(await ask(s, new UnsecuredJWT(claims).encode()), /expected a JWT/);
      const secret = { kty: 'oct', k: Buffer.from('0123456789abcdef0123456789abcdef').toString('base64url') };
      refused(await askWith(s, { header: { jwk: secret } }), /expected a JWT/);
    },
  },
  {
    section: '4.3 (6, 7)',
    must: '400 unless the key in the header signed it, and for a private key there',
    async check(s) {
      const other = await newKey();
      refused(await askWith(s, { header: { jwk: other.jwk } }), /expected a JWT/);
      refused(await askWith(s, { header: { jwk: undefined } }), /expected a JWT/);
      const { exportJWK } = await import('jose');
      refused(await askWith(s, { header: { jwk: await exportJWK(s.key.privateKey) } }), /expected a JWT/);
    },
  },
  {
    section: '4.3 (8, 9)',
    must: '400 for another method or address; the addresses of the token endpoint, without query and normalized, will do',
    async check(s) {
      refused(await askWith(s, {}, 'GET'), /htm/);
      refused(await askWith(s, {}, 'post'), /htm/);
      for (const url of ['https://other.example/token', `${tokenUrl(s)}/x`, s.server.url, 'token', '']) {
        refused(await askWith(s, {}, 'POST', url), /htu/);
      }
      const good = ['https://localhost:8243/token', 'HTTPS://LOCALHOST:8243/a/../token', `${tokenUrl(s)}?a=b#c`];
      for (const url of good) assert.equal((await askWith(s, {}, 'POST', url)).status, 200, url);
    },
  },
  {
    section: '4.3 (11), 11.1',
    must: '400 for an old proof, one from the future, and one that comes again, also at the same time',
    async check(s) {
      refused(await askWith(s, { claims: { iat: seconds() - 90 } }), /iat/);
      refused(await askWith(s, { claims: { iat: seconds() + 90 } }), /iat/);
      const proof = await dpopProof(s.key, 'POST', tokenUrl(s));
      const answers = await Promise.all([1, 2, 3].map(() => ask(s, proof)));
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 400, 400]);
      refused(await ask(s, proof), /used before/);
    },
  },
  {
    section: '5',
    must: 'a refresh token of a public client is good with its key only, that of another client with any',
    async check(s) {
      const [app, form] = [null, publicForm(s, password)] as const;
      const other = await newKey();
      const first = await ask(s, await dpopProof(s.key, 'POST', tokenUrl(s)), form, app);
      const refresh = (token: string) => publicForm(s, { grant_type: 'refresh_token', refresh_token: token });
      const mine = refresh(first.json.refresh_token);
      refused(await ask(s, null, mine, app), /another key/, 'invalid_grant');
      refused(await ask(s, await dpopProof(other, 'POST', tokenUrl(s)), mine, app), /another key/, 'invalid_grant');
      const second = await ask(s, await dpopProof(s.key, 'POST', tokenUrl(s)), mine, app);
      assert.deepEqual([second.status, second.json.token_type], [200, 'DPoP'], second.text);
      // And so are those that come of it.
      refused(await ask(s, null, refresh(second.json.refresh_token), app), /another key/, 'invalid_grant');

      const { refresh_token } = await issued(s);
      const next = await issued(s, s.client, { grant_type: 'refresh_token', refresh_token }, other);
      assert.deepEqual(decodeJwt(next.access_token).cnf, { jkt: await thumbprintOf(other) });
    },
  },
  {
    section: '5.2',
    must: '400 without a proof for a client that has registered dpop_bound_access_tokens',
    async check(s) {
      const bound = await addClient(s.server);
      await setMetadata(s.server, bound, { dpop_bound_access_tokens: true });
      refused(await ask(s, null, password, bound), /registered/);
      await issued(s, bound);
    },
  },
  {
    section: '7.1',
    must: 'userinfo: 200 with scheme and proof, 401 as Bearer, without proof, with another key, or for another token',
    async check(s) {
      const { access_token } = await issued(s);
      const url = `${s.server.url}/oauth2/userinfo`;
      const authorization = `DPoP ${access_token}`;
      const proof = (options: ProofOptions = {}, key = s.key, method = 'GET') =>
        dpopProof(key, method, url, { accessToken: access_token, ...options });
      const good = await userinfo(s, { authorization, dpop: await proof() });
      assert.equal(good.status, 200, await good.text());
      const once = await proof();
      assert.equal((await userinfo(s, { authorization, dpop: once })).status, 200);
      const cases: [Record<string, string>, string][] = [
        [{ authorization: `Bearer ${access_token}`, dpop: await proof() }, 'invalid_token'],
        [{ authorization }, 'invalid_dpop_proof'],
        [{ authorization, dpop: await proof({}, await newKey()) }, 'invalid_token'],
        [{ authorization, dpop: await proof({ accessToken: 'another' }) }, 'invalid_dpop_proof'],
        [{ authorization, dpop: await dpopProof(s.key, 'GET', url) }, 'invalid_dpop_proof'],
        [{ authorization, dpop: await proof({}, s.key, 'POST') }, 'invalid_dpop_proof'],
        [{ authorization, dpop: once }, 'invalid_dpop_proof'],
      ];
      for (const [headers, error] of cases) {
        const answer = await userinfo(s, headers);
        assert.equal(answer.status, 401, JSON.stringify(headers));
        const challenge = answer.headers.get('www-authenticate') ?? '';
        assert.ok(challenge.startsWith(`DPoP error="${error}"`), challenge);
        assert.match(challenge, /algs="[^"]*ES256/);
      }
      const plain = (await ask(s, null)).json.access_token;
      const headers = {
        authorization: `DPoP ${plain}`,
        dpop: await dpopProof(s.key, 'GET', url, { accessToken: plain }),
      };
      assert.equal((await userinfo(s, headers)).status, 401);
      assert.equal((await userinfo(s, { authorization: `Bearer ${plain}` })).status, 200);
    },
  },
  {
    section: '10',
    must: 'a code with dpop_jkt is good with that key only; a malformed dpop_jkt is refused',
    async check(s) {
      const dpop_jkt = await thumbprintOf(s.key);
      await issued(s, s.client, await code(s, s.client, { dpop_jkt }));
      const stolen = await code(s, s.client, { dpop_jkt });
      const thief = await dpopProof(await newKey(), 'POST', tokenUrl(s));
      refused(await ask(s, thief, stolen), /another key/, 'invalid_grant');
      refused(await ask(s, await dpopProof(s.key, 'POST', tokenUrl(s)), stolen), /wrongly/, 'invalid_grant');
      refused(await ask(s, null, await code(s, s.client, { dpop_jkt })), /another key/, 'invalid_grant');
      assert.deepEqual(await code(s, s.client, { dpop_jkt: 'x' }), { error: 'invalid_request' });
    },
  },
  {
    section: '10.1',
    must: 'a proof with a pushed request binds the code; dpop_jkt has to be the same key',
    async check(s) {
      const url = `${s.server.url}/oauth2/par`;
      const code_challenge = createHash('sha256').update(verifier).digest('base64url');
      const request = {
        response_type: 'code',
        redirect_uri: callbackUrl,
        code_challenge,
        code_challenge_method: 'S256',
      };
      const push = async (form: Record<string, string>, dpop: string) =>
        s.server.post('/oauth2/par', { ...request, ...form }, s.client, { dpop });
      const other = await thumbprintOf(await newKey());
      refused(await push({ dpop_jkt: other }, await dpopProof(s.key, 'POST', url)), /dpop_jkt/);
      refused(await push({}, await dpopProof(s.key, 'POST', tokenUrl(s))), /htu/);
      const pushed = await push({}, await dpopProof(s.key, 'POST', url));
      assert.equal(pushed.status, 201, pushed.text);
      const { request_uri } = pushed.json;
      const stolen = await code(s, s.client, { request_uri });
      refused(await ask(s, null, stolen), /another key/, 'invalid_grant');
    },
  },
];

verify('RFC 9449', rules, () => subject);

for (const alg of ['RS256', 'PS256', 'ES384', 'Ed25519']) {
  test(`a token for a key of ${alg}`, async () => {
    await issued(subject, subject.client, password, await newKey(alg));
  });
}

test('RFC 9449 section 8: 400 use_dpop_nonce with a nonce, which is good for two to four minutes', async () => {
  const clock = new ManualClock(Math.floor(Date.now() / 120_000) * 120_000);
  const s = await start({ clock, options: { requireDpopNonce: true } });
  await using _server = s.server;
  const withNonce = (nonce: string | undefined) =>
    askWith(s, { claims: { nonce, iat: Math.floor(clock.now() / 1000) } });
  const first = await withNonce(undefined);
  refused(first, /nonce/, 'use_dpop_nonce');
  const nonce = first.headers.get('dpop-nonce') ?? '';
  assert.match(nonce, /^[\w-]{43}$/);
  const second = await withNonce(nonce);
  assert.deepEqual([second.status, second.headers.get('dpop-nonce')], [200, nonce], second.text);
  clock.advance(120_000);
  const third = await withNonce(nonce);
  assert.equal(third.status, 200);
  assert.notEqual(third.headers.get('dpop-nonce'), nonce);
  clock.advance(120_000);
  refused(await withNonce(nonce), /nonce/, 'use_dpop_nonce');
  refused(await withNonce('made-up'), /nonce/, 'use_dpop_nonce');
});
