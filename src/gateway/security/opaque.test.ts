import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { beforeEach, test } from 'node:test';
import type { Introspection } from '../../adapters/key-managers/introspection.ts';
import { Fingerprinter, newFingerprintKey } from '../../platform/fingerprint.ts';
import { silentLog } from '../../platform/log.ts';
import { GenerationalCache } from '../caches/generational-cache.ts';
import { SingleFlight } from '../caches/single-flight.ts';
import { RevokedSet } from '../revocation/revoked-set.ts';
import { type Issuers, TrustedIssuer } from './issuers.ts';
import { OpaqueScheme, type OpaqueSchemeOptions } from './opaque.ts';
import { PrincipalFactory } from './principal-factory.ts';

const now = 1_800_000_000_000;
const issuers: Issuers = new Map();
const ours = { issuer: 'https://issuer', keys: [], audience: null };
const live: Introspection = {
  active: true,
  issuer: 'https://issuer',
  subject: 'alice@carbon.super',
  clientId: 'client',
  userType: 'APPLICATION_USER',
  scope: ['read'],
  issuedAt: now / 1000 - 10,
  expires: now / 1000 + 100,
};

let asked: string[];
let answer: () => Promise<Introspection>;
let revoked: RevokedSet;
let scheme: OpaqueScheme;
let fingerprinter: Fingerprinter;

beforeEach(() => {
  issuers.clear();
  issuers.set(ours.issuer, new TrustedIssuer(ours));
  asked = [];
  answer = async () => live;
  fingerprinter = new Fingerprinter(newFingerprintKey());
  revoked = new RevokedSet(fingerprinter, { capacity: 100 });
  configure();
});

function configure(more: Partial<OpaqueSchemeOptions> = {}): void {
  scheme = new OpaqueScheme({
    introspect: (token) => {
      asked.push(token);
      return answer();
    },
    issuers,
    issuer: '',
    subscriptions: 'data',
    principals: new PrincipalFactory(fingerprinter),
    revoked,
    validated: new GenerationalCache(100),
    invalid: new GenerationalCache(100),
    validatedTtl: 900_000,
    foreignTtl: 30_000,
    invalidTtl: 60_000,
    flights: new SingleFlight(),
    log: silentLog,
    ...more,
  });
}

const revoke = (token: string): boolean =>
  revoked.add({
    type: 'opaque',
    issuer: '',
    value: createHash('sha256').update(token).digest('base64url'),
    expires: now / 1000 + 100,
  });

test('a token is asked about once, however many want to know at the same time', async () => {
  const gate = Promise.withResolvers<Introspection>();
  answer = () => gate.promise;
  const waiting = Array.from({ length: 50 }, async () => scheme.verify('Bearer abc', now));
  gate.resolve(live);
  for (const outcome of await Promise.all(waiting)) assert.ok(!('kind' in outcome));
  assert.deepEqual(asked, ['abc']);
  assert.notEqual(scheme.cached('Bearer abc', now), undefined);
});

test('a key manager whose revocations do not come is asked again after a shorter time than ours', async () => {
  const later = { ...live, expires: now / 1000 + 10_000 };
  issuers.set('https://foreign', new TrustedIssuer({ ...ours, issuer: 'https://foreign', foreign: true }));
  const keptFor = async (issuer: string | null): Promise<number> => {
    scheme.clear();
    answer = async () => ({ ...later, issuer });
    await scheme.verify('Bearer abc', now);
    return [29_999, 30_000, 899_999, 900_000].filter((ms) => scheme.cached('Bearer abc', now + ms)).at(-1) ?? 0;
  };
  assert.equal(await keptFor(ours.issuer), 899_999);
  for (const other of ['https://foreign', 'https://unknown', null]) assert.equal(await keptFor(other), 29_999);
});

test('401/900901 for a token that the key manager does not know; it is not asked again at once', async () => {
  answer = async () => ({ active: false, expired: false });
  for (let i = 0; i < 3; i++) {
    const outcome = await scheme.verify('Bearer abc', now);
    assert.ok('kind' in outcome && outcome.kind.code === 900901);
  }
  assert.equal(asked.length, 1);
  await scheme.verify('Bearer abc', now + 60_001);
  assert.equal(asked.length, 2);
});

test('401/900903 for a token of which the key manager says that it is over, also when asked again', async () => {
  answer = async () => ({ active: false, expired: true });
  for (let i = 0; i < 2; i++) {
    const outcome = await scheme.verify('Bearer abc', now);
    assert.ok('kind' in outcome && outcome.kind.code === 900903);
  }
});

test('500/900900 when the key manager can not be asked; that is not remembered', async () => {
  answer = () => Promise.reject(new Error('no'));
  const outcome = await scheme.verify('Bearer abc', now);
  assert.ok('kind' in outcome && outcome.kind.code === 900900 && outcome.kind.status === 500);
  answer = async () => live;
  assert.ok(!('kind' in (await scheme.verify('Bearer abc', now))));
});

test('401/900901 for a revoked token without asking: also when nobody can be asked', async () => {
  revoke('abc');
  const outcome = await scheme.verify('Bearer abc', now);
  assert.ok('kind' in outcome && outcome.kind.code === 900901);
  assert.deepEqual(asked, []);
});

test('a revocation that arrives while the key manager is asked is not overlooked', async () => {
  const gate = Promise.withResolvers<Introspection>();
  answer = () => gate.promise;
  const waiting = scheme.verify('Bearer abc', now);
  revoke('abc');
  gate.resolve(live);
  const principal = await waiting;
  assert.ok(!('kind' in principal));
  // What the stage check-revoked asks next.
  assert.equal(revoked.isRevoked(principal.identity), true);
});

test('401/900901 for what can be no token', async () => {
  for (const credentials of ['Bearer', 'Bearer ', 'Bearer a b', 'Bearer "x"', 'Bearer \u00e9']) {
    const outcome = await scheme.verify(credentials, now);
    assert.ok('kind' in outcome && outcome.kind.code === 900901, credentials);
  }
  assert.deepEqual(asked, []);
});

test('the application is found by the consumer key of an issuer that is known as ours, by no other’s', async () => {
  const client = async (issuer: string | null): Promise<string> => {
    scheme.clear();
    answer = async () => ({ ...live, issuer });
    const principal = await scheme.verify('Bearer abc', now);
    assert.ok(!('kind' in principal));
    return principal.client.join();
  };
  const own = await client(ours.issuer);
  issuers.set('https://foreign', new TrustedIssuer({ ...ours, issuer: 'https://foreign', foreign: true }));
  const others = [await client('https://foreign'), await client('https://unknown'), await client(null)];
  assert.equal(new Set([own, ...others]).size, 4);
});

test('500/900900 for an answer about a token of another issuer than the key manager is said to be', async () => {
  configure({ issuer: 'https://issuer' });
  assert.ok(!('kind' in (await scheme.verify('Bearer abc', now))));
  answer = async () => ({ ...live, issuer: 'https://other' });
  const outcome = await scheme.verify('Bearer abd', now);
  assert.ok('kind' in outcome && outcome.kind.code === 900900);
});

test('500/900900 for an answer without client, unless nobody asks for subscriptions', async () => {
  answer = async () => ({ ...live, issuer: 'https://unknown', clientId: null });
  const outcome = await scheme.verify('Bearer abc', now);
  assert.ok('kind' in outcome && outcome.kind.code === 900900);
  configure({ subscriptions: 'none' });
  const principal = await scheme.verify('Bearer abc', now);
  assert.ok(!('kind' in principal) && principal.claimed?.apis === null && principal.keyType === 'PRODUCTION');
});
