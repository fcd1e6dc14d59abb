/** What administrators ask to be revoked, and what they are told: of our tokens and of other key managers' ones. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { decodeJwt } from 'jose';
import { issueCertificate } from '../../../src/platform/x509.ts';
import { type Answer, basic, call, closeConnections, postForm } from '../../support/call.ts';
import { type Postern, startPostern } from '../../support/postern.ts';
import { logIn, type RestClient, restClient } from '../../support/rest.ts';
import { newSigner } from '../../support/signer.ts';
import { storedText } from '../../support/store.ts';

const elsewhere = 'https://elsewhere.example/oauth2';
const signer = newSigner();
let postern: Postern;
let base: string;
let admin: RestClient;

before(async () => {
  postern = await startPostern({ args: ['--gateway.threads=1'] });
  base = `${postern.server}/api/am/admin/v1`;
  admin = restClient(base, await logIn(postern.server, { scopes: ['apim:admin'] }));
  const subject = { commonName: 'elsewhere', organization: 'Elsewhere' };
  const pem = await issueCertificate({
    ...{ subject, publicKey: signer.publicKey, issuer: subject, issuerKey: signer, purpose: 'client' },
    ...{ notBefore: new Date(Date.now() - 1e9), notAfter: new Date(Date.now() + 1e9) },
  });
  const keyManager = {
    ...{ name: 'Elsewhere', type: 'custom', issuer: elsewhere, enabled: true, consumerKeyClaim: 'azp' },
    certificates: { type: 'PEM', value: Buffer.from(pem).toString('base64') },
  };
  ok(await admin.post('/key-managers', keyManager), 201);
  ok(await admin.post('/users', { name: 'vera', password: 'long enough', roles: ['Internal/subscriber'] }), 201);
});
after(async () => {
  closeConnections();
  await postern?.stop();
});

function ok(answer: Answer, status = 200): Answer {
  assert.equal(answer.status, status, answer.body);
  return answer;
}

const revoke = async (body: object) => ok(await admin.post('/revocations', body), 201).json();
const refused = async (body: object, status: number): Promise<string> =>
  ok(await admin.post('/revocations', body), status).json().description;
const listed = async (query = '') => ok(await admin.get(`/revocations?${query}`)).json();
const lastAudit = async (kind: string) => ok(await admin.get(`/audit-log?kind=${kind}&limit=1`)).json().list[0];

async function issue(form: Record<string, string>) {
  const answer = await postForm(`${postern.http}/token`, form, basic(postern.key, postern.secret));
  return ok(answer).json();
}
const forVera = { grant_type: 'password', username: 'vera', password: 'long enough' };
const forClient = { grant_type: 'client_credentials' };

const use = (token: string): Promise<Answer> =>
  call(`${postern.http}/pizzashack/1.0.0/menu`, { headers: { authorization: `Bearer ${token}` } });

async function becomes(token: string, status: number): Promise<void> {
  for (const from = performance.now(); ; ) {
    const answer = await use(token);
    if (answer.status === status) return;
    assert.ok(performance.now() - from < 1000, `expected ${status}, still ${answer.status} ${answer.body}`);
  }
}

const shown = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');

test('a JWT, its jti, a refresh token: the answer says what went and when gateways know; 404 when it is dead', async () => {
  const { access_token: jwt, refresh_token: refresh } = await issue(forVera);
  const { jti, exp = 0 } = decodeJwt(jwt);
  const { number, ...rest } = await revoke({ token: jwt });
  assert.deepEqual(rest, {
    ...{ kind: 'accessToken', value: jti, user: 'vera@carbon.super', consumerKey: postern.key },
    ...{ expires: shown(exp), accessTokens: 1, refreshTokens: 1 },
  });
  const { list } = await listed('limit=1000');
  const entry = list.find((one: { number: number }) => one.number === number);
  assert.deepEqual(entry, {
    ...{ number, kind: 'token', value: jti, issuer: `${postern.server}/oauth2/token`, expires: shown(exp) },
  });
  await becomes(jwt, 401);
  for (const token of [jwt, jti, refresh, 'nonsense', `${jwt}x`, 'a.b.c']) {
    assert.match(await refused({ token }, 404), /unknown, has expired or was revoked before/);
  }
  const bare = (await issue(forVera)).access_token;
  assert.equal((await revoke({ token: decodeJwt(bare).jti })).kind, 'accessToken');
  const other = await issue(forVera);
  const told = await revoke({ token: other.refresh_token });
  assert.deepEqual([told.kind, told.accessTokens, told.refreshTokens], ['refreshToken', 1, 1]);
  assert.match(told.value, /^[\w-]{12}…$/);
  await becomes(other.access_token, 401);
});

test('an API key, by its value or its jti', async () => {
  const portal = restClient(`${postern.server}/api/am/store/v1`, basic('admin', 'admin'));
  const { list } = ok(await portal.get('/applications')).json();
  const path = `/applications/${list[0].applicationId}/api-keys/PRODUCTION/generate`;
  const { apikey } = ok(await portal.post(path, { validityPeriod: 1000 })).json();
  const jti = decodeJwt(apikey).jti;
  const { kind, value, apiKeys } = await revoke({ token: apikey });
  assert.deepEqual([kind, value, apiKeys], ['apiKey', jti, 1]);
  await refused({ token: jti }, 404);
  const audit = await lastAudit('api-key');
  assert.deepEqual([audit.action, audit.id, audit.actor], ['revoke', jti, 'admin@carbon.super']);
});

test('all of a user or of a consumer key: found by their names; 404 for those that nobody has', async () => {
  const { access_token: jwt } = await issue(forVera);
  const told = await revoke({ user: 'vera' });
  assert.deepEqual([told.kind, told.value, told.accessTokens, told.apiKeys], ['user', 'vera@carbon.super', 1, 0]);
  assert.ok(Math.abs(Date.parse(told.issuedBefore) - Date.now()) < 5000);
  await becomes(jwt, 401);
  const found = await listed('user=vera');
  assert.equal(found.pagination.total, 1);
  assert.deepEqual(found.list[0].value, 'vera@carbon.super');
  assert.equal(found.list[0].issuedBefore, told.issuedBefore);
  assert.equal((await listed('user=ver')).pagination.total, 0);
  assert.equal((await listed('user=%25')).pagination.total, 0);
  const audit = await lastAudit('user');
  assert.deepEqual([audit.action, audit.id], ['revoke-tokens', 'vera@carbon.super']);

  const app = (await issue(forClient)).access_token;
  await becomes(app, 200);
  const client = await revoke({ consumerKey: postern.key });
  assert.deepEqual([client.kind, client.value, client.accessTokens], ['consumerKey', postern.key, 1]);
  await becomes(app, 401);
  assert.equal((await listed(`consumerKey=${postern.key}`)).list[0].kind, 'consumerKey');
  assert.equal((await lastAudit('client')).id, postern.key);

  assert.match(await refused({ user: 'nobody' }, 404), /no user nobody/);
  assert.match(await refused({ consumerKey: 'none' }, 404), /no consumer key none/);
  assert.equal((await listed('consumerKey=none')).pagination.total, 0, 'what was refused leaves nothing');
});

test('what was issued until a second: in seconds or as a time; the API keys made until then too', async () => {
  const { access_token: jwt } = await issue(forVera);
  const { iat = 0 } = decodeJwt(jwt);
  const before = await revoke({ user: 'vera', issuedBefore: iat - 1 });
  assert.deepEqual([before.accessTokens, before.issuedBefore], [0, shown(iat - 1)]);
  await becomes(jwt, 200);
  // The same second in another zone.
  const local = new Date((iat + 3600) * 1000).toISOString().replace('.000Z', '+01:00');
  assert.equal((await revoke({ user: 'vera', issuedBefore: local })).accessTokens, 1);
  await becomes(jwt, 401);

  const portal = restClient(`${postern.server}/api/am/store/v1`, basic('vera', 'long enough'));
  const application = { name: 'keys', throttlingPolicy: 'Unlimited', description: '', tokenType: 'JWT' };
  const { applicationId } = ok(await portal.post('/applications', application), 201).json();
  const made = await portal.post(`/applications/${applicationId}/api-keys/PRODUCTION/generate`, {});
  const second = decodeJwt(ok(made).json().apikey).iat ?? 0;
  assert.equal((await revoke({ user: 'vera', issuedBefore: second - 1 })).apiKeys, 0);
  assert.equal((await revoke({ user: 'vera', issuedBefore: second })).apiKeys, 1);
});

test('tokens of another key manager: by the token, its jti, the user, the consumer key; those of others stay', async () => {
  const sign = (claims: object) => signer.sign({ iss: elsewhere, azp: 'their-key', sub: 'them', ...claims });
  // It is believed, but its consumer key belongs to no application.
  const accepted = 403;
  const tokens = {
    whole: sign({}),
    nameless: sign({ jti: undefined }),
    byJti: sign({ jti: 'number 1' }),
    ofUser: sign({ sub: 'you' }),
    ofKey: sign({ azp: 'your-key' }),
    other: sign({}),
  };
  for (const token of Object.values(tokens)) await becomes(token, accepted);
  const { exp = 0, jti } = decodeJwt(tokens.whole);
  const { number, ...told } = await revoke({ token: tokens.whole });
  assert.deepEqual(told, { kind: 'accessToken', value: jti, issuer: elsewhere, expires: shown(exp) });
  assert.match((await revoke({ token: tokens.nameless, issuer: elsewhere })).value, /^[\w-]{12}…$/);
  await revoke({ token: 'number 1', issuer: elsewhere });
  const you = await revoke({ user: 'you', issuer: elsewhere });
  const day = await revoke({ consumerKey: 'your-key', issuer: elsewhere });
  assert.ok(Math.abs(Date.parse(day.expires) - Date.now() - 86_400_000) < 5000);
  const { other, ...revoked } = tokens;
  for (const token of Object.values(revoked)) await becomes(token, 401);
  await becomes(other, accepted);

  const expires = Math.floor(Date.now() / 1000) + 1000;
  assert.equal((await revoke({ user: 'you', issuer: elsewhere, expires })).expires, shown(expires));
  const [entry] = (await listed('user=you')).list;
  assert.equal(entry.expires, you.expires, 'the longer one stays');
  const audit = await lastAudit('access-token');
  assert.deepEqual([audit.id, audit.after.issuer], ['number 1', elsewhere]);
});

test('400 that names what is wrong, and nothing is revoked', async () => {
  const { total } = (await listed()).pagination;
  const now = Math.floor(Date.now() / 1000);
  for (const [body, why] of [
    [{}, /one of token, user and consumerKey, got none/],
    [{ user: 'vera', token: 'x' }, /got token and user/],
    [{ user: ' ' }, /user: expected 1 to/],
    [{ user: 'vera', issuedBefore: now + 60 }, /issuedBefore: .* is in the future/],
    [{ user: 'vera', issuedBefore: 'yesterday' }, /issuedBefore: expected seconds .* got "yesterday"/],
    [{ user: 'vera', issuedBefore: '2020-02-30T00:00:00Z' }, /issuedBefore: expected seconds/],
    [{ user: 'vera', issuedBefore: -1 }, /issuedBefore: expected seconds/],
    [{ user: 'vera', issuedBefore: { a: 1 } }, /issuedBefore: expected seconds/],
    [{ token: 'x', issuedBefore: now }, /issuedBefore: expected only with user or consumerKey/],
    [{ user: 'vera', expires: now + 60 }, /expires: expected only with an issuer/],
    [{ user: 'vera', issuer: `${postern.server}/oauth2/token` }, /issuer: .*\/oauth2\/token is ours; leave it out/],
    [{ consumerKey: 'x', issuer: `${postern.server}/api-keys` }, /issuer: .*\/api-keys is ours; leave it out/],
    [{ user: 'x', issuer: elsewhere, expires: now - 1 }, /expires: expected a time after/],
    [{ user: 'x', issuer: elsewhere, expires: now + 1e9 }, /expires: expected a time after .*, up to/],
    [
      { user: 'x', issuer: 'https://nobody.example' },
      /issuer: expected that of a key manager: [^,]*elsewhere\.example[^,]*$/,
    ],
    [{ token: signer.sign({ iss: elsewhere }), issuer: `${postern.server}/oauth2/token` }, /issuer: the token is of/],
    [
      { token: signer.sign({ iss: elsewhere }), issuer: elsewhere, expires: now + 60 },
      /expires: expected only with a jti/,
    ],
    [{ usr: 'vera' }, /unknown field "usr"/],
  ] as const) {
    assert.match(await refused(body, 400), why);
  }
  await refused({ token: signer.sign({ iss: 'https://nobody.example' }) }, 404);
  await refused({ token: signer.sign({ iss: elsewhere, exp: now - 1 }) }, 404);
  ok(await admin.get('/revocations?user=a&consumerKey=b'), 400);
  assert.equal((await listed()).pagination.total, total);
});

test('lists come in pages; 400 for one that is too far', async () => {
  const { list, pagination } = await listed('limit=1000');
  assert.ok(list.length > 5 && list.length === pagination.total);
  const second = await listed('limit=2&offset=2');
  assert.deepEqual(second.list, list.slice(2, 4));
  assert.match(second.pagination.next, /limit=2&offset=4/);
  assert.match(
    ok(await admin.get('/revocations?offset=10001'), 400).json().description,
    /offset: expected at most 10000/,
  );
});

test('signing out everywhere ends the token that it was asked with; 401 for who is not logged in', async () => {
  const store = `${postern.server}/api/am/store/v1`;
  ok(await restClient(store).post('/me/sign-out'), 401);
  const { access_token: jwt } = await issue(forVera);
  const portal = restClient(store, `Bearer ${jwt}`);
  const other = await issue(forVera);
  assert.deepEqual(ok(await portal.post('/me/sign-out')).json(), { accessTokens: 2, refreshTokens: 2 });
  ok(await portal.post('/me/sign-out'), 401);
  await becomes(other.access_token, 401);
  assert.equal((await lastAudit('user')).action, 'sign-out');
});

test('the gateways that follow are listed, with their certificates', async () => {
  const { list } = ok(await admin.get('/gateways')).json();
  assert.equal(list.length, 1);
  const { serial, fingerprint, sent, lag, since } = list[0];
  assert.match(serial, /^[0-9A-F]+$/);
  assert.match(fingerprint, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  assert.ok(sent > 0 && lag === 0 && Date.parse(since) <= Date.now());
});

test('403 without the scope apim:admin', async () => {
  const operator = restClient(base, await logIn(postern.server, { scopes: ['apim:admin_operations'] }));
  ok(await operator.post('/revocations', { user: 'vera' }), 403);
  ok(await operator.get('/revocations'), 403);
  ok(await operator.get('/gateways'), 403);
});

test('no token is in the log, the store or the audit log', async () => {
  const { access_token: jwt, refresh_token: refresh } = await issue(forVera);
  await revoke({ token: refresh });
  await refused({ token: jwt }, 404);
  const kept = [postern.log(), postern.output(), await storedText(postern.data)];
  for (const text of kept) for (const token of [jwt, refresh]) assert.ok(!text.includes(token));
});
