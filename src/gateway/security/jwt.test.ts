import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { beforeEach, test } from 'node:test';
import type { PublicJwk } from '../../core/token.ts';
import { Fingerprinter, newFingerprintKey } from '../../platform/fingerprint.ts';
import { GenerationalCache } from '../caches/generational-cache.ts';
import type { KeyRenewal } from '../data-plane/messages.ts';
import { type Issuers, TrustedIssuer } from './issuers.ts';
import { JwtScheme } from './jwt.ts';
import { JwtVerifier } from './jwt-verifier.ts';
import { PrincipalFactory } from './principal-factory.ts';

const now = 1_800_000_000;
const audience = 'http://org.wso2.apimgt/gateway';
const keys = {
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: generateKeyPairSync('ed25519'),
};
type Alg = keyof typeof keys;

const jwk = (alg: string, key: KeyObject, kid = alg): PublicJwk =>
  ({ ...key.export({ format: 'jwk' }), alg, kid, kty: String(key.export({ format: 'jwk' }).kty) }) as PublicJwk;

let issuers: Issuers;
let scheme: JwtScheme;
let renewed: string[];
let renewKeys: () => Promise<KeyRenewal>;

beforeEach(() => {
  const all = (Object.keys(keys) as Alg[]).map((alg) => jwk(alg, keys[alg].publicKey));
  issuers = new Map([['https://issuer', new TrustedIssuer({ issuer: 'https://issuer', audience, keys: all })]]);
  renewed = [];
  renewKeys = async () => 'renewed';
  scheme = new JwtScheme({
    verifier: new JwtVerifier({
      issuers,
      invalid: new GenerationalCache(100),
      invalidTtl: 60_000,
      skew: 5,
      use: 'access token',
      renewKeys: (issuer) => {
        renewed.push(issuer);
        return renewKeys();
      },
    }),
    principals: new PrincipalFactory(new Fingerprinter(newFingerprintKey())),
    verified: new GenerationalCache(100),
    verifiedTtl: 900_000,
  });
});

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function token(claims: Record<string, unknown> = {}, { alg = 'RS256' as Alg, header = {} } = {}): string {
  const payload = {
    iss: 'https://issuer',
    sub: 'alice@carbon.super',
    aud: audience,
    exp: now + 100,
    iat: now,
    jti: 'one',
    consumerKey: 'client',
    scope: 'read write',
    ...claims,
  };
  const input = `${encode({ alg, kid: alg, ...header })}.${encode(payload)}`;
  const key = { key: keys[alg].privateKey, dsaEncoding: 'ieee-p1363' } as const;
  const signature = sign(alg === 'EdDSA' ? null : 'sha256', Buffer.from(input), key);
  return `Bearer ${input}.${signature.toString('base64url')}`;
}

const verify = (credentials: string, at = now) => {
  const outcome = scheme.verify(credentials, at * 1000);
  assert.ok(!(outcome instanceof Promise));
  return outcome;
};

for (const alg of Object.keys(keys) as Alg[]) {
  test(`a token signed with ${alg} has its principal, then also in the cache`, async () => {
    const credentials = token({}, { alg });
    const principal = await scheme.verify(credentials, now * 1000);
    assert.ok(!('kind' in principal), JSON.stringify(principal));
    assert.equal(principal.subject, 'alice@carbon.super');
    assert.equal(principal.consumerKey, 'client');
    assert.equal(principal.userType, 'APPLICATION_USER');
    assert.deepEqual([...(principal.scopes ?? [])], ['read', 'write']);
    assert.equal(scheme.cached(credentials, now * 1000), principal);
  });
}

const refused: readonly [what: string, credentials: () => string, code: number, at?: number][] = [
  ['over', () => token({ exp: now }), 900903],
  ['not valid yet', () => token({ nbf: now + 60 }), 900901],
  ['issued in the future', () => token({ iat: now + 60 }), 900901],
  ['for somebody else', () => token({ aud: 'other' }), 900901],
  ['without audience', () => token({ aud: undefined }), 900901],
  ['without expiry', () => token({ exp: undefined }), 900901],
  ['with an expiry that is no number', () => token({ exp: '9999999999' }), 900901],
  ['without subject', () => token({ sub: '' }), 900901],
  ['without client', () => token({ consumerKey: undefined }), 900901],
  ['with a jti that is no text', () => token({ jti: 7 }), 900901],
  ['of an unknown issuer', () => token({ iss: 'https://other' }), 900901],
  ['of an issuer that is no text', () => token({ iss: ['https://issuer'] }), 900901],
  ['with the name of another key', () => token({}, { header: { kid: 'ES256' } }), 900901],
  ['with an algorithm that is not the key’s', () => token({}, { header: { alg: 'RS384' } }), 900901],
  ['with a critical extension', () => token({}, { header: { crit: ['x'] } }), 900901],
];
for (const [what, credentials, code] of refused) {
  test(`401/${code} for a token ${what}`, () => {
    const text = credentials();
    const outcome = verify(text);
    assert.ok('kind' in outcome);
    assert.equal(outcome.kind.code, code);
    assert.equal(scheme.cached(text, now * 1000), undefined);
  });
}

test('small differences of clocks are allowed at the beginning of a token, not at its end', () => {
  assert.ok(!('kind' in verify(token({ iat: now + 5, nbf: now + 5 }))));
  assert.ok('kind' in verify(token({ exp: now + 1 }), now + 1));
});

test('aud may be a list, scope too', () => {
  const principal = verify(token({ aud: ['x', audience], scope: ['a', 'b'] }));
  assert.ok(!('kind' in principal));
  assert.deepEqual([...(principal.scopes ?? [])], ['a', 'b']);
});

test('the marker scope tells an application’s own token', () => {
  const principal = verify(token({ scope: 'am_application_scope default' }));
  assert.ok(!('kind' in principal) && principal.userType === 'APPLICATION');
});

test('a remembered token is forgotten after its time, and never lives beyond its expiry', () => {
  const credentials = token({ exp: now + 10 });
  verify(credentials);
  assert.notEqual(scheme.cached(credentials, (now + 9) * 1000), undefined);
  assert.equal(scheme.cached(credentials, (now + 10) * 1000), undefined);
});

test('a key that is gone no longer verifies, once the verified tokens are forgotten', () => {
  const credentials = token();
  verify(credentials);
  issuers.set('https://issuer', new TrustedIssuer({ issuer: 'https://issuer', audience, keys: [] }));
  scheme.clear();
  assert.equal(scheme.cached(credentials, now * 1000), undefined);
  assert.ok('kind' in verify(credentials));
});

test('keys that are too weak or of another kind than they say are left out', () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
  const issuer = new TrustedIssuer({
    issuer: 'x',
    audience,
    keys: [
      jwk('RS256', weak, 'weak'),
      jwk('RS256', keys.ES256.publicKey, 'mixed'),
      jwk('HS256', keys.RS256.publicKey, 'hmac'),
      jwk('none', keys.RS256.publicKey, 'none'),
      jwk('RS256', keys.RS256.publicKey, 'good'),
    ],
  });
  assert.deepEqual(
    ['weak', 'mixed', 'hmac', 'none', 'good'].map((kid) => issuer.hasKey(kid)),
    [false, false, false, false, true],
  );
});

const unknown = (): string => token({}, { header: { kid: 'new' } });
const publishing = (keys: readonly PublicJwk[]): void => {
  const entity = { issuer: 'https://issuer', audience, keys, jwksUrl: 'https://issuer/jwks' };
  issuers.set('https://issuer', new TrustedIssuer(entity));
  // As a thread does whenever an issuer changes.
  scheme.clear();
};

test('an unknown key is looked for once more where the issuer publishes its keys, and only there', async () => {
  assert.ok('kind' in verify(unknown()));
  assert.deepEqual(renewed, []);
  publishing([]);
  renewKeys = async () => {
    publishing([jwk('RS256', keys.RS256.publicKey, 'new')]);
    return 'renewed';
  };
  const credentials = unknown();
  const principal = await scheme.verify(credentials, now * 1000);
  assert.ok(!('kind' in principal), JSON.stringify(principal));
  assert.deepEqual(renewed, ['https://issuer']);
  assert.equal(scheme.cached(credentials, now * 1000), principal);
});

const renewals: readonly [why: string, answer: string, renewal: KeyRenewal, retryAfter?: string][] = [
  ['the issuer does not publish it', '401/900901', 'renewed'],
  ['its keys can not be had', '500/900900', 'failed'],
  ['it was looked for too often', '503/900952', { retryAfter: 7 }, '7'],
];
for (const [why, answer, renewal, retryAfter] of renewals) {
  test(`${answer} for an unknown key when ${why}`, async () => {
    publishing([]);
    renewKeys = async () => renewal;
    const outcome = await scheme.verify(unknown(), now * 1000);
    assert.ok('kind' in outcome);
    assert.equal(`${outcome.kind.status}/${outcome.kind.code}`, answer);
    assert.equal(outcome.headers.find(([name]) => name === 'retry-after')?.[1], retryAfter);
  });
}

test('401/900901 for a known key with another algorithm, or one that no key has: nothing is looked for', () => {
  publishing([jwk('RS256', keys.RS256.publicKey)]);
  for (const header of [
    { alg: 'RS384' },
    { alg: 'ES256' },
    { alg: 'HS256', kid: 'new' },
    { alg: 'none', kid: 'new' },
  ]) {
    const outcome = verify(token({}, { header }));
    assert.ok('kind' in outcome && outcome.kind.code === 900901, JSON.stringify(header));
  }
  assert.deepEqual(renewed, []);
});

test('signatures that take long to verify keep nobody waiting', async () => {
  const tokens = Array.from({ length: 40 }, (_, i) => token({ jti: `slow ${i}` }, { alg: 'ES256' }));
  let done = 0;
  const outcomes = tokens.map(async (credentials) => {
    const outcome = await scheme.verify(credentials, now * 1000);
    done++;
    return outcome;
  });
  const again = scheme.verify(tokens[39] as string, now * 1000);
  await new Promise(setImmediate);
  assert.ok(done < 40, 'all were verified within one turn');
  const principals = await Promise.all(outcomes);
  for (const principal of principals) assert.ok(!('kind' in principal));
  assert.ok(!('kind' in (await again)));
});

test('503/900954 with Retry-After, not 401, when too many signatures of a slow kind wait; the others are verified', async () => {
  const tokens = Array.from({ length: 1100 }, (_, i) => token({ jti: `many ${i}` }, { alg: 'ES256' }));
  const outcomes = await Promise.all(tokens.map(async (credentials) => scheme.verify(credentials, now * 1000)));
  const refused = outcomes.filter((outcome) => 'kind' in outcome);
  assert.ok(refused.length >= 50 && refused.length <= 100, `${refused.length}`);
  for (const fault of refused) {
    assert.ok('kind' in fault && fault.kind.code === 900954);
    assert.deepEqual(fault.headers, [['retry-after', '1']]);
  }
  const again = await scheme.verify(tokens[1099] as string, now * 1000);
  assert.ok(!('kind' in again), 'nothing is remembered of a token that was not verified');
});

for (const [withdrawn, alg] of [
  [[], 'ES256'],
  [[jwk('EdDSA', keys.EdDSA.publicKey)], 'ES256'],
] as const) {
  test(`401/900901 when the key is withdrawn while a signature is verified by it, ${withdrawn.length} left`, async () => {
    const credentials = token({}, { alg });
    const outcome = scheme.verify(credentials, now * 1000);
    issuers.set('https://issuer', new TrustedIssuer({ issuer: 'https://issuer', audience, keys: withdrawn }));
    scheme.clear();
    const late = await outcome;
    assert.ok('kind' in late);
    assert.equal(late.kind.code, 900901);
    assert.equal(scheme.cached(credentials, now * 1000), undefined);
  });
}

test('401/900901 when the issuer is withdrawn while a signature is verified', async () => {
  const outcome = scheme.verify(token({}, { alg: 'EdDSA' }), now * 1000);
  issuers.clear();
  scheme.clear();
  const late = await outcome;
  assert.ok('kind' in late && late.kind.code === 900901);
});

test('401/900901 for a wrong signature of a slow kind, remembered', async () => {
  const wrong = `${token({}, { alg: 'ES256' }).slice(0, -20)}${'A'.repeat(20)}`;
  const outcome = await scheme.verify(wrong, now * 1000);
  assert.ok('kind' in outcome && outcome.kind.code === 900901);
  assert.ok('kind' in verify(wrong), 'asked once more');
});

test('a token need not name its key: those of its algorithm are tried, four at most', async () => {
  const verify = (credentials: string) => scheme.verify(credentials, now * 1000);
  const nameless = (alg: Alg) => token({}, { alg, header: { kid: undefined } });
  for (const alg of Object.keys(keys) as Alg[]) assert.ok(!('kind' in (await verify(nameless(alg)))), alg);
  const others = (count: number): PublicJwk[] =>
    Array.from({ length: count }, (_, i) =>
      jwk('ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey, `other ${i}`),
    );
  for (const [count, good] of [
    [3, true],
    [4, false],
  ] as const) {
    scheme.clear();
    const all = [jwk('RS256', keys.RS256.publicKey), ...others(count), jwk('ES256', keys.ES256.publicKey)];
    issuers.set('https://issuer', new TrustedIssuer({ issuer: 'https://issuer', audience, keys: all }));
    assert.equal('kind' in (await verify(nameless('ES256'))), !good, String(count));
  }
});

test('a token that names no key may have been signed with a new one, which is looked for', async () => {
  publishing([jwk('ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey, 'old')]);
  renewKeys = async () => {
    publishing([jwk('ES256', keys.ES256.publicKey, 'new')]);
    return 'renewed';
  };
  const outcome = await scheme.verify(token({}, { alg: 'ES256', header: { kid: undefined } }), now * 1000);
  assert.ok(!('kind' in outcome), JSON.stringify(outcome));
});

test('401/900901 for an API key, and for whatever an issuer of API keys signed', () => {
  assert.ok('kind' in verify(token({}, { header: { typ: 'apikey+JWT' } })));
  const [key] = [jwk('RS256', keys.RS256.publicKey)];
  issuers.set('https://issuer', new TrustedIssuer({ issuer: 'https://issuer', audience, keys: [key], apiKeys: true }));
  assert.ok('kind' in verify(token()));
});

test('a token may leave out when it was issued', () => {
  const principal = verify(token({ iat: undefined }));
  assert.ok(!('kind' in principal) && principal.identity.issuedAt === 0);
});
