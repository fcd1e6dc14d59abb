/** Signing keys that follow each other, at a real key manager, and at two on one store. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { decodeProtectedHeader } from 'jose';
import {
  type AuthorizationServer,
  addClient,
  startAuthorizationServer,
} from '../../../test/conformance/authorization-server.ts';
import { listSigningKeys } from '../../adapters/stores/signing-keys.ts';
import type { Issuer } from '../../core/token.ts';
import { ManualClock } from '../../platform/clock.ts';
import { tendOnce } from './tend-keys.ts';

const start = 1_700_000_000_000;
const day = 86_400_000;
const decide = async () => {};

async function issuing(server: AuthorizationServer) {
  const client = await addClient(server);
  return async (at = server): Promise<{ jwt: string; kid: string }> => {
    const answer = await at.post('/oauth2/token', { grant_type: 'client_credentials' }, client);
    assert.equal(answer.status, 200, answer.text);
    const jwt = answer.json.access_token as string;
    return { jwt, kid: decodeProtectedHeader(jwt).kid as string };
  };
}

const orders = (server: AuthorizationServer) => server.km.signingKeys;
const signing = async (server: AuthorizationServer) =>
  (await orders(server).list()).find(({ phase }) => phase === 'SIGNING')?.kid as string;
const phases = async (server: AuthorizationServer) =>
  Object.fromEntries((await orders(server).list()).map(({ kid, phase }) => [kid, phase]));

/** The keys that gateways are told. */
async function announced({ store, issuer }: AuthorizationServer): Promise<string[]> {
  const rows = await store.db.selectFrom('entities').select('body').where('id', '=', issuer).execute();
  return (JSON.parse(rows[0]?.body ?? '{}') as Issuer).keys.map(({ kid }) => kid);
}

async function until(what: () => Promise<boolean>): Promise<void> {
  for (const from = performance.now(); !(await what()); await pause(20)) {
    assert.ok(performance.now() - from < 20_000, 'it did not happen');
  }
}

const tend = ({ store }: AuthorizationServer, km: AuthorizationServer, clock: ManualClock, keyRotation = 0) =>
  tendOnce(
    {
      store,
      clock,
      options: { signingAlgorithm: 'ES256', otherAlgorithms: [], keyRotation, keyOverlap: 86_400, issuer: km.issuer },
    },
    ['ES256'],
    orders(km),
  );

describe('rotation', () => {
  test('the next key is announced at once and signs after the overlap; what the old one signed stays good', async () => {
    const clock = new ManualClock(start);
    await using server = await startAuthorizationServer({ clock });
    const issue = await issuing(server);
    const old = await issue();
    const next = await orders(server).rotate({}, decide);
    assert.deepEqual([next.phase, next.signsFrom], ['NEXT', start / 1000 + 86_400]);
    assert.deepEqual((await announced(server)).toSorted(), [next.kid, old.kid].toSorted());
    assert.equal((await issue()).kid, old.kid);
    await assert.rejects(orders(server).rotate({}, decide), /next key of ES256 already/);
    clock.advance(day);
    const fresh = await issue();
    assert.equal(fresh.kid, next.kid);
    assert.deepEqual(await phases(server), { [old.kid]: 'ENDED', [next.kid]: 'SIGNING' });
    clock.advance(-day + 3_599_000);
    assert.notEqual(await server.km.introspect(old.jwt), null);
  });

  test('a key is withdrawn when the last token that it signed has expired, and its private part is erased before', async () => {
    const clock = new ManualClock(start);
    await using server = await startAuthorizationServer({ clock, options: { applicationTokenValidity: 10 * 86_400 } });
    const issue = await issuing(server);
    const old = await issue();
    await orders(server).rotate({ signsAfter: 5 }, decide);
    clock.advance(2 * day);
    await tend(server, server, clock);
    assert.equal((await phases(server))[old.kid], 'ENDED');
    const row = (await listSigningKeys(server.store.db)).find(({ kid }) => kid === old.kid);
    assert.equal(row?.private_sealed, '');
    assert.notEqual(await server.km.introspect(old.jwt), null);
    clock.advance(8 * day - 1000);
    await tend(server, server, clock);
    assert.ok((await announced(server)).includes(old.kid));
    clock.advance(2 * day);
    await tend(server, server, clock);
    assert.equal((await phases(server))[old.kid], 'WITHDRAWN');
    assert.deepEqual(await announced(server), [await signing(server)]);
  });

  test('the key of a token that never expires is kept for ever', async () => {
    const clock = new ManualClock(start);
    await using server = await startAuthorizationServer({ clock, options: { applicationTokenValidity: -1 } });
    const issue = await issuing(server);
    const old = await issue();
    await orders(server).rotate({ signsAfter: 5 }, decide);
    clock.advance(4000 * day);
    await tend(server, server, clock);
    assert.notEqual(await server.km.introspect(old.jwt), null);
  });

  test('on schedule: published the overlap before its time, by one of two nodes', async () => {
    const clock = new ManualClock(start);
    await using here = await startAuthorizationServer({ clock });
    const { folder, issuer } = here;
    await using there = await startAuthorizationServer({ clock, folder, options: { issuer } });
    const both = () => Promise.all([here, there].map((server) => tend(server, server, clock, 90)));
    const issue = await issuing(here);
    const old = await issue();
    clock.advance(89 * day - 1000);
    await both();
    assert.deepEqual(await announced(here), [old.kid]);
    clock.advance(1000);
    await both();
    const next = (await orders(here).list()).filter(({ phase }) => phase === 'NEXT');
    assert.deepEqual(
      next.map(({ signsFrom }) => signsFrom),
      [start / 1000 + 90 * 86_400],
    );
    clock.advance(day);
    await until(async () => (await issue()).kid === next[0]?.kid);
    await until(async () => (await issue(there)).kid === next[0]?.kid);
    await both();
    assert.equal((await orders(there).list()).length, 2);
  });

  test('another node signs with the new key, and knows one that was revoked, without being asked', async () => {
    const clock = new ManualClock(start);
    await using here = await startAuthorizationServer({ clock });
    const { folder, issuer } = here;
    await using there = await startAuthorizationServer({ clock, folder, options: { issuer } });
    const issue = await issuing(here);
    const old = await issue(there);
    const next = await orders(here).rotate({ signsAfter: 5 }, decide);
    await until(async () => {
      const { keys } = (await (await fetch(`${there.url}/oauth2/jwks`)).json()) as Issuer;
      return keys.some(({ kid }) => kid === next.kid);
    });
    clock.advance(5000);
    assert.equal((await issue(there)).kid, next.kid);
    assert.notEqual(await there.km.introspect(old.jwt), null);
    await orders(here).revoke(old.kid, decide);
    assert.equal(await here.km.introspect(old.jwt), null);
    assert.equal(await there.km.introspect(old.jwt), null, 'at once, too');
    assert.notEqual(await there.km.introspect((await issue(there)).jwt), null);
  });
});

describe('the end of a key', () => {
  test('revoked while it signs: another one takes its place at once, and its tokens are dead', async () => {
    await using server = await startAuthorizationServer();
    const issue = await issuing(server);
    const old = await issue();
    const revoked = await orders(server).revoke(old.kid, decide);
    assert.equal(revoked?.phase, 'REVOKED');
    assert.equal(await server.km.introspect(old.jwt), null);
    assert.equal((await announced(server)).includes(old.kid), false);
    const fresh = await issue();
    assert.notEqual(fresh.kid, old.kid);
    assert.notEqual(await server.km.introspect(fresh.jwt), null);
    assert.equal(await orders(server).revoke('no such key', decide), null);
    const row = (await listSigningKeys(server.store.db)).find(({ kid }) => kid === old.kid);
    assert.equal(row?.private_sealed, '');
  });

  test('revoked with a next one published: that one signs', async () => {
    await using server = await startAuthorizationServer();
    const issue = await issuing(server);
    const old = await issue();
    const next = await orders(server).rotate({}, decide);
    await orders(server).revoke(old.kid, decide);
    assert.equal((await issue()).kid, next.kid);
    assert.deepEqual(await announced(server), [next.kid]);
  });

  test('retired: the next one signs from now on, and what it signed stays good; the only one is refused', async () => {
    const clock = new ManualClock(start);
    await using server = await startAuthorizationServer({ clock });
    const issue = await issuing(server);
    const old = await issue();
    await assert.rejects(orders(server).retire(old.kid, decide), /only key of ES256/);
    const next = await orders(server).rotate({}, decide);
    await assert.rejects(orders(server).retire(old.kid, decide), /just been made/);
    clock.advance(5000);
    assert.equal((await orders(server).retire(old.kid, decide))?.phase, 'ENDED');
    assert.equal((await issue()).kid, next.kid);
    assert.notEqual(await server.km.introspect(old.jwt), null);
    assert.equal(await orders(server).retire('no such key', decide), null);
  });

  test('a next key that is retired never signs, and makes room for another', async () => {
    const clock = new ManualClock(start);
    await using server = await startAuthorizationServer({ clock });
    const issue = await issuing(server);
    const old = await issue();
    const first = await orders(server).rotate({ signsAfter: 60 }, decide);
    assert.equal((await orders(server).retire(first.kid, decide))?.phase, 'WITHDRAWN');
    const second = await orders(server).rotate({ signsAfter: 120 }, decide);
    clock.advance(60_000);
    assert.equal((await issue()).kid, old.kid);
    clock.advance(60_000);
    assert.equal((await issue()).kid, second.kid);
  });

  test('whoever is refused in the transaction of an order undoes it', async () => {
    await using server = await startAuthorizationServer();
    const issue = await issuing(server);
    const { kid } = await issue();
    const refuse = async () => {
      throw new Error('not today');
    };
    await assert.rejects(orders(server).rotate({}, refuse), /not today/);
    await assert.rejects(orders(server).revoke(kid, refuse), /not today/);
    assert.equal((await issue()).kid, kid);
    assert.deepEqual(await announced(server), [kid]);
  });
});

describe('import', () => {
  const pem = { type: 'pkcs8', format: 'pem' } as const;
  const ec = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

  test('PKCS#8, SEC1, PKCS#1 and encrypted keys sign when their time has come', async () => {
    const clock = new ManualClock(start);
    await using server = await startAuthorizationServer({ clock, options: { otherAlgorithms: ['RS256', 'PS256'] } });
    const issue = await issuing(server);
    const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const keys = [
      [{ key: ec().export(pem) as string }, 'ES256'],
      [{ key: ec().export({ type: 'sec1', format: 'pem' }) as string }, 'ES256'],
      [
        { key: ec().export({ ...pem, cipher: 'aes-256-cbc', passphrase: 'open' }) as string, passphrase: 'open' },
        'ES256',
      ],
      [{ key: rsa().export({ type: 'pkcs1', format: 'pem' }) as string }, 'RS256'],
      [{ key: rsa().export(pem) as string, algorithm: 'PS256' }, 'PS256'],
    ] as const;
    for (const [given, algorithm] of keys) {
      const key = await orders(server).importKey({ ...given, signsAfter: 5 }, decide);
      assert.deepEqual([key.algorithm, key.origin, key.phase], [algorithm, 'IMPORTED', 'NEXT']);
      clock.advance(5000);
      if (algorithm === 'ES256') assert.equal((await issue()).kid, key.kid);
    }
  });

  for (const [what, key, expected] of [
    ['no key', 'hello', /key: expected a private key in PEM/],
    ['a public key', generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }), /private key/],
    [
      'a short RSA key',
      generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export(pem),
      /expected RSA of 2048 to 4096 bits, .* got RSA of 1024 bits/,
    ],
    ['another curve', generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey.export(pem), /got ec secp521r1/],
    [
      'an encrypted key without passphrase',
      ec().export({ ...pem, cipher: 'aes-256-cbc', passphrase: 'open' }),
      /passphrase: expected one/,
    ],
    [
      'a key for which there is no algorithm here',
      generateKeyPairSync('ed25519').privateKey.export(pem),
      /algorithm: expected ES256 .*got EdDSA/,
    ],
  ] as const) {
    test(`400 for ${what}`, async () => {
      await using server = await startAuthorizationServer();
      await assert.rejects(orders(server).importKey({ key: key as string }, decide), expected);
    });
  }

  test('400 for a wrong passphrase or another algorithm than the kind has; 409 for a key that is there', async () => {
    await using server = await startAuthorizationServer({ options: { otherAlgorithms: ['RS256'] } });
    const key = ec().export({ ...pem, cipher: 'aes-256-cbc', passphrase: 'open' }) as string;
    await assert.rejects(orders(server).importKey({ key, passphrase: 'shut' }, decide), /does not open/);
    const other = { key, passphrase: 'open', algorithm: 'RS256' };
    await assert.rejects(orders(server).importKey(other, decide), /expected ES256 for a key of this kind/);
    const { kid } = await orders(server).importKey({ key, passphrase: 'open' }, decide);
    await orders(server).revoke(kid, decide);
    await assert.rejects(orders(server).importKey({ key, passphrase: 'open' }, decide), /it is REVOKED/);
  });
});
