import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeJwt } from 'jose';
import {
  addClient,
  addSubscribedApplication,
  startAuthorizationServer,
} from '../../../test/conformance/authorization-server.ts';
import { listRevocations } from '../../adapters/stores/revocations.ts';
import type { Revocation } from '../../core/revocation.ts';
import { never } from '../../core/revocation.ts';
import { ManualClock } from '../../platform/clock.ts';
import { tokenHash } from './token-hash.ts';

const path = '/oauth2/revoke';
const forClient = { grant_type: 'client_credentials' };
const forUser = { grant_type: 'password', username: 'mary', password: 'marys' };

async function start(options = {}) {
  const clock = new ManualClock(1_700_000_000_000);
  const server = await startAuthorizationServer({ clock, options });
  await server.km.users.create({ name: 'mary', password: 'marys', roles: [] });
  const client = await addSubscribedApplication(server);
  const opaque = await addClient(server, { tokenType: 'OPAQUE' });
  return {
    clock,
    server,
    client,
    opaque,
    now: clock.now() / 1000,
    token: async (form: Record<string, string>, by = client) => (await server.post('/oauth2/token', form, by)).json,
    revoke: (token: string, by = client) => server.post(path, { token }, by),
    active: async (token: string) => (await server.km.introspect(token)) !== null,
    async revocations(): Promise<Revocation[]> {
      const rows = await server.store.db
        .selectFrom('entities')
        .select('body')
        .where('kind', '=', 'revocation')
        .execute();
      return rows.map((row) => JSON.parse(row.body));
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

test('a JWT is revoked by its jti; the answer says what the client sent, and whose it was', async () => {
  await using s = await start();
  const { access_token: jwt } = await s.token(forClient);
  const answer = await s.revoke(jwt);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('revokedaccesstoken'), jwt);
  assert.equal(answer.headers.get('authorizeduser'), 'admin@carbon.super');
  assert.equal(answer.headers.get('revokedrefreshtoken'), null);
  assert.deepEqual(await s.revocations(), [
    { type: 'token', issuer: s.server.issuer, value: decodeJwt(jwt).jti, expires: s.now + 3600 },
  ]);
  assert.equal(await s.active(jwt), false);
});

test('a JWT that the store has forgotten is revoked by what it says, by its client only', async () => {
  await using s = await start();
  const { access_token: jwt } = await s.token(forClient);
  const other = await addClient(s.server);
  // As when a backup of before was restored.
  await s.server.store.db.deleteFrom('access_tokens').execute();
  assert.equal((await s.revoke(jwt, other)).status, 401);
  assert.deepEqual(await s.revocations(), []);
  assert.equal((await s.revoke(jwt)).headers.get('revokedaccesstoken'), jwt);
  assert.deepEqual(await s.revocations(), [
    { type: 'token', issuer: s.server.issuer, value: decodeJwt(jwt).jti, expires: s.now + 3600 },
  ]);
  s.clock.advance(3_601_000);
  const expired = await s.revoke(jwt);
  assert.deepEqual([expired.status, expired.headers.get('revokedaccesstoken')], [200, null]);
});

test('a bare jti does the same, for its client only', async () => {
  await using s = await start();
  const { access_token: jwt } = await s.token(forClient);
  const jti = decodeJwt(jwt).jti as string;
  assert.equal((await s.revoke(jti, s.opaque)).status, 401);
  assert.equal(await s.active(jwt), true);
  assert.equal((await s.revoke(jti)).headers.get('revokedaccesstoken'), jti);
  assert.equal(await s.active(jwt), false);
});

test('an opaque token is revoked by its hash; the id of its row is no name for it', async () => {
  await using s = await start();
  const { access_token: token } = await s.token(forClient, s.opaque);
  const { id } = await s.server.store.db.selectFrom('access_tokens').select('id').executeTakeFirstOrThrow();
  await s.revoke(id, s.opaque);
  assert.equal(await s.active(token), true);
  await s.revoke(token, s.opaque);
  assert.deepEqual(await s.revocations(), [
    { type: 'opaque', issuer: '', value: tokenHash(token), expires: s.now + 3600 },
  ]);
});

test('a refresh token is revoked with every access token of its family', async () => {
  await using s = await start();
  const first = await s.token(forUser);
  const next = await s.token({ grant_type: 'refresh_token', refresh_token: first.refresh_token });
  const answer = await s.revoke(first.refresh_token);
  assert.equal(answer.headers.get('revokedrefreshtoken'), first.refresh_token);
  assert.equal(answer.headers.get('revokedaccesstoken'), null, 'the client did not send it');
  assert.equal(await s.active(next.access_token), false);
  const refreshed = await s.token({ grant_type: 'refresh_token', refresh_token: next.refresh_token });
  assert.equal(refreshed.error, 'invalid_grant');
});

test('an access token takes its refresh token along', async () => {
  await using s = await start();
  const { access_token, refresh_token } = await s.token(forUser);
  await s.revoke(access_token);
  assert.equal((await s.token({ grant_type: 'refresh_token', refresh_token })).error, 'invalid_grant');
});

test('a second revocation tells the gateways nothing', async () => {
  await using s = await start();
  const { access_token: jwt } = await s.token(forClient);
  await s.revoke(jwt);
  const head = await s.server.store.changes.head();
  const answer = await s.revoke(jwt);
  assert.deepEqual([answer.status, answer.headers.get('revokedaccesstoken')], [200, null]);
  assert.deepEqual(await s.server.store.changes.head(), head);
});

test('gateways are told also of a token that has expired: by this clock, and it may be hours ahead', async () => {
  await using s = await start();
  const jwt = (await s.token(forClient)).access_token;
  const opaque = (await s.token(forClient, s.opaque)).access_token;
  const unknown = (await s.token({ ...forClient, scope: 'device_1' })).access_token;
  const id = decodeJwt(unknown).jti as string;
  await s.server.store.db.deleteFrom('access_tokens').where('id', '=', id).execute();
  s.clock.advance(3 * 86_400_000);
  for (const [token, client] of [
    [jwt, s.client],
    [opaque, s.opaque],
    [unknown, s.client],
  ] as const) {
    const answer = await s.revoke(token, client);
    assert.deepEqual([answer.status, answer.headers.get('revokedaccesstoken')], [200, null]);
  }
  const told = (await s.revocations()).map(({ value, expires }) => [value, expires]);
  const expires = s.now + 3600;
  assert.deepEqual(
    told.toSorted(),
    [decodeJwt(jwt).jti, id, tokenHash(opaque)].map((value) => [value, expires]).toSorted(),
  );
});

test('what is revoked of a client by a clock that is ahead is revoked until its tokens have expired', async () => {
  await using s = await start();
  await s.token(forClient);
  s.clock.advance(3 * 86_400_000);
  await s.server.km.revoker.revokeClient(s.client.consumerKey);
  const [told] = await s.revocations();
  assert.equal(told?.issuedBefore, s.clock.now() / 1000);
  assert.ok((told?.expires as number) >= s.now + 3600);
});

test('a revocation of a token that never expires never leaves', async () => {
  await using s = await start();
  const { access_token } = await s.token({ ...forClient, validity_period: '-2' });
  await s.revoke(access_token);
  assert.equal((await s.revocations())[0]?.expires, never);
  await s.server.store.changes.trim(s.clock.now() + 1e12);
  assert.equal((await s.revocations()).length, 1);
});

test('a JWT that is forged or written otherwise revokes nothing', async () => {
  await using s = await start();
  const { access_token: jwt } = await s.token(forClient);
  const [header, payload] = jwt.split('.');
  for (const token of [`${header}.${payload}.AAAA`, `${jwt}=`, `${header}.${payload}`]) {
    assert.equal((await s.revoke(token)).status, 200);
  }
  assert.equal(await s.active(jwt), true);
});

test('revocations of a moment share a transaction, and each caller gets its own answer', async () => {
  await using s = await start();
  const tokens = await Promise.all(
    Array.from({ length: 50 }, async (_, at) => (await s.token({ ...forClient, scope: `device_${at}` })).access_token),
  );
  const commits: number[] = [];
  s.server.store.changes.onCommit((changes) => commits.push(changes.length));
  const outcomes = await Promise.all([
    ...tokens.map((token) => s.server.km.revoker.revoke(token, s.client.consumerKey)),
    s.server.km.revoker.revoke(tokens[0], s.client.consumerKey),
    s.server.km.revoker.revoke('unknown', s.client.consumerKey),
    s.server.km.revoker.revoke(tokens[1], s.opaque.consumerKey),
  ]);
  assert.deepEqual(
    outcomes.slice(-3).map((one) => one.outcome),
    ['nothing', 'nothing', 'foreign'],
  );
  assert.equal(outcomes.filter((one) => one.outcome === 'revoked').length, 50);
  assert.equal(
    commits.reduce((sum, count) => sum + count),
    50,
  );
  // How many come within one window is the machine's affair: their signatures are checked before.
  assert.ok(commits.length <= 25, `${commits.length} transactions`);
});

test('the revocation is committed and announced when the answer comes', async () => {
  await using s = await start();
  const { access_token } = await s.token(forClient);
  let announced = 0;
  s.server.store.changes.onCommit((changes) => {
    announced += changes.length;
  });
  await s.revoke(access_token);
  assert.equal(announced, 1);
});

test('revokeSubject ends everything of a user up to this second, and what is issued later lives', async () => {
  await using s = await start();
  const before = await s.token(forUser);
  const others = await s.token(forClient);
  const longer = await s.token({ ...forUser, scope: 'device_1' });
  await s.server.store.db
    .updateTable('access_tokens')
    .set({ expires_at: s.now + 9999 })
    .where('id', '=', decodeJwt(longer.access_token).jti as string)
    .execute();
  await s.server.km.revoker.revokeSubject('mary@carbon.super');
  assert.deepEqual(await s.revocations(), [
    {
      type: 'subject',
      issuer: s.server.issuer,
      value: 'mary@carbon.super',
      issuedBefore: s.now,
      expires: s.now + 9999,
    },
  ]);
  assert.deepEqual([await s.active(before.access_token), await s.active(others.access_token)], [false, true]);
  assert.equal(
    (await s.token({ grant_type: 'refresh_token', refresh_token: before.refresh_token })).error,
    'invalid_grant',
  );

  // The next log-in has to wait for the next second, or gateways would take it for an old one.
  const login = s.token(forUser);
  s.clock.advance(1000);
  const after = decodeJwt((await login).access_token);
  assert.ok((after.iat as number) > s.now);

  // A later revocation replaces the entry, so it has to last as long.
  s.clock.advance(1000);
  await s.server.km.revoker.revokeSubject('mary@carbon.super');
  const [entry, ...rest] = await s.revocations();
  assert.deepEqual([entry?.issuedBefore, entry?.expires, rest.length], [s.now + 2, s.now + 9999, 0]);
});

test('revokeClient ends everything of a client, in the transaction of whoever decides it', async () => {
  await using s = await start();
  const tokens = [await s.token(forClient), await s.token(forUser)];
  const others = await s.token(forClient, s.opaque);
  await assert.rejects(
    s.server.store.transaction(async (tx) => {
      await s.server.km.revoker.revokeClient(s.client.consumerKey, tx);
      throw new Error('undone');
    }),
    /undone/,
  );
  assert.equal(await s.active(tokens[0].access_token), true);
  await s.server.store.transaction((tx) => s.server.km.revoker.revokeClient(s.client.consumerKey, tx));
  for (const token of tokens) assert.equal(await s.active(token.access_token), false);
  assert.equal(await s.active(others.access_token), true);
  assert.deepEqual(
    (await s.revocations()).map(({ type, value }) => [type, value]),
    [['client', s.client.consumerKey]],
  );
});

test('400 when the password is changed while the old one is verified', async () => {
  await using s = await start();
  const { users, revoker } = s.server.km;
  const { verify } = users;
  users.verify = async (name, password) => {
    const user = await verify(name, password);
    await users.changePassword('mary', 'other', async (tx, changed) => {
      await revoker.revokeSubject(changed.fullName, tx);
    });
    return user;
  };
  const answer = await s.server.post('/oauth2/token', forUser, s.client);
  assert.deepEqual([answer.status, answer.json.error], [400, 'invalid_grant']);
  assert.deepEqual(await s.server.store.db.selectFrom('access_tokens').select('id').execute(), []);
});

test('503 when the clock has gone back behind a revocation', async () => {
  await using s = await start();
  s.clock.advance(100_000);
  await s.server.km.revoker.revokeSubject('mary@carbon.super');
  s.clock.advance(-50_000);
  const answer = await s.server.post('/oauth2/token', forUser, s.client);
  assert.deepEqual([answer.status, answer.json.error], [503, 'temporarily_unavailable']);
  assert.equal(answer.headers.get('retry-after'), '60');
});

test('an old access token ends its session too, though its own refresh token is used', async () => {
  await using s = await start({ revokeOnRefresh: false });
  const first = await s.token(forUser);
  const next = await s.token({ grant_type: 'refresh_token', refresh_token: first.refresh_token });
  assert.equal((await s.revoke(first.access_token)).headers.get('revokedaccesstoken'), first.access_token);
  assert.equal(await s.active(next.access_token), false);
  const refreshed = await s.token({ grant_type: 'refresh_token', refresh_token: next.refresh_token });
  assert.equal(refreshed.error, 'invalid_grant');
});

test('what was issued up to a second is revoked, also in the rows; what was issued after it stays, and new ones are given', async () => {
  await using s = await start();
  const old = await s.token(forUser);
  const oldOpaque = await s.token(forUser, s.opaque);
  s.clock.advance(10_000);
  const young = await s.token(forUser);
  const counts = await s.server.km.revoker.revokeSubject('mary@carbon.super', undefined, s.now);
  assert.deepEqual(counts, { accessTokens: 2, refreshTokens: 2 });
  assert.deepEqual(await s.revocations(), [
    {
      ...{ type: 'subject', issuer: s.server.issuer, value: 'mary@carbon.super' },
      ...{ issuedBefore: s.now, expires: s.now + 3600 },
    },
  ]);
  assert.deepEqual(
    [await s.active(old.access_token), await s.active(oldOpaque.access_token), await s.active(young.access_token)],
    [false, false, true],
  );
  const refresh = async ({ refresh_token }: { refresh_token: string }) =>
    s.token({ grant_type: 'refresh_token', refresh_token });
  assert.equal((await refresh(old)).error, 'invalid_grant');
  assert.ok((await refresh(young)).access_token);
  assert.ok((await s.token(forUser)).access_token, 'in the second of the revocation');
});

test('a later revocation of the same takes back nothing: neither its second, nor how long it lasts', async () => {
  await using s = await start();
  const { revoker } = s.server.km;
  await s.token({ ...forClient, validity_period: '9000' });
  const { consumerKey } = s.client;
  await revoker.revokeClient(consumerKey);
  const earlier = await s.revocations();
  // As it is after a client was deleted: the rows of its tokens are gone.
  await s.server.store.db.deleteFrom('access_tokens').execute();
  s.clock.advance(10_000);
  await revoker.revokeClient(consumerKey, undefined, s.now - 100);
  assert.deepEqual(await s.revocations(), earlier);
  await revoker.revokeClient(consumerKey, undefined, s.now + 5);
  assert.deepEqual(await s.revocations(), [{ ...earlier[0], issuedBefore: s.now + 5 }]);
});

test('an administrator revokes every kind of token of any client, and is told what went; nothing for what is dead', async () => {
  await using s = await start();
  const { revoker } = s.server.km;
  const decided: unknown[] = [];
  const revoke = (token: string) =>
    revoker.revokeAny(token, async (_tx, { kind, id }) => void decided.push([kind, id]));
  const user = await s.token(forUser);
  const jti = decodeJwt(user.access_token).jti as string;
  const { expires, ...rest } = (await revoke(user.access_token)) ?? assert.fail();
  assert.deepEqual(rest, {
    ...{ outcome: 'revoked', kind: 'access', id: jti, accessTokens: 1, refreshTokens: 1 },
    ...{ subject: 'mary@carbon.super', consumerKey: s.client.consumerKey },
  });
  assert.equal(expires, s.now + 3600);
  const opaque = (await s.token(forClient, s.opaque)).access_token;
  assert.equal((await revoke(opaque))?.id, `${tokenHash(opaque).slice(0, 12)}…`);
  const other = await s.token(forUser);
  assert.equal((await revoke(other.refresh_token))?.accessTokens, 1);
  assert.deepEqual(
    decided.map((one) => (one as string[])[0]),
    ['access', 'access', 'refresh'],
  );
  for (const dead of [user.access_token, jti, user.refresh_token, opaque, other.refresh_token, 'nonsense', 'a.b.c']) {
    assert.equal(await revoke(dead), null);
  }
  assert.equal(decided.length, 3);
});

test('what comes with the revocation by an administrator is undone with it', async () => {
  await using s = await start();
  const { access_token: jwt } = await s.token(forClient);
  const refusing = s.server.km.revoker.revokeAny(jwt, async () => {
    throw new Error('the audit log is full');
  });
  await assert.rejects(refusing, /audit log is full/);
  assert.equal(await s.active(jwt), true);
  assert.deepEqual(await s.revocations(), []);
});

test('an expired access token ends the log-in that it came from, for an administrator', async () => {
  await using s = await start();
  const { access_token, refresh_token } = await s.token(forUser);
  s.clock.advance(3_601_000);
  const revoked = await s.server.km.revoker.revokeAny(access_token, async () => {});
  assert.deepEqual([revoked?.accessTokens, revoked?.refreshTokens], [0, 1]);
  assert.equal((await s.token({ grant_type: 'refresh_token', refresh_token })).error, 'invalid_grant');
});

test('listed is what is in force: not what has expired, nor what is of others with a longer or a shorter name', async () => {
  await using s = await start();
  const { revoker } = s.server.km;
  const { db } = s.server.store;
  await s.token(forUser);
  for (const subject of ['mary@carbon.super', 'rosemary@carbon.super', 'mary']) await revoker.revokeSubject(subject);
  await revoker.revokeClient('mary@carbon.super');
  const list = async (now: number, of?: { type: 'subject' | 'client'; values: string[] }) => {
    const { issuer } = s.server;
    const filter = { now, ...(of && { of }), issuers: [issuer], offset: 0, limit: 10 };
    const { rows, total } = await listRevocations(db, filter);
    assert.equal(rows.length, total);
    return rows.map(({ revocation: { type, value } }) => `${type} ${value}`);
  };
  assert.deepEqual(await list(s.now, { type: 'subject', values: ['mary@carbon.super'] }), [
    'subject mary@carbon.super',
  ]);
  assert.deepEqual(await list(s.now, { type: 'subject', values: ['MARY', '%', 'carbon.super'] }), []);
  assert.equal((await list(s.now)).length, 4);
  assert.deepEqual(await list(s.now + 60), ['subject mary@carbon.super'], 'the others meant no token that lives');
  assert.deepEqual(await list(s.now + 3600), []);
});
