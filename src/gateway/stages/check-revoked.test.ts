import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { SchemeName } from '../../core/api.ts';
import type { Fault } from '../../core/faults.ts';
import { Fingerprinter, newFingerprintKey } from '../../platform/fingerprint.ts';
import { RevokedSet } from '../revocation/revoked-set.ts';
import type { TokenUse } from '../security/principal.ts';
import { PrincipalFactory } from '../security/principal-factory.ts';
import { checkRevoked } from './check-revoked.ts';

const issuer = 'https://issuer';
let revoked: RevokedSet;
let principals: PrincipalFactory;

beforeEach(() => {
  const fingerprinter = new Fingerprinter(newFingerprintKey());
  revoked = new RevokedSet(fingerprinter, { capacity: 100 });
  principals = new PrincipalFactory(fingerprinter);
  revoked.add({ type: 'token', issuer, value: 'revoked', expires: 4_000_000_000 });
});

function check(use: TokenUse, jti: string, schemes: readonly SchemeName[]): Fault | undefined {
  const principal = principals.create({
    use,
    issuer,
    foreign: false,
    token: { jti },
    subject: 'alice',
    consumerKey: null,
    userType: 'APPLICATION',
    scopes: null,
    issuedAt: 0,
    expires: 4_000_000_000,
    keyType: null,
    encodedClaims: null,
    claimed: null,
  });
  const api = { api: { security: { schemes } } };
  const deps = { revoked, options: { authConfig: { authorizationHeader: 'Authorization' } } };
  const stage = checkRevoked({ authType: 'Any' } as never, api as never, deps as never);
  return stage?.({ principal } as never) as Fault | undefined;
}

const challengeOf = (fault: Fault): string | undefined =>
  fault.headers.find(([name]) => name === 'www-authenticate')?.[1];

test('401/900901 for a revoked access token and for a revoked API key: it says which, and challenges for what would do', () => {
  const token = check('access token', 'revoked', ['oauth2', 'api_key']);
  const key = check('API key', 'revoked', ['api_key']);
  assert.ok(token && key);
  assert.deepEqual([token.kind.code, token.description], [900901, 'The access token has been revoked.']);
  assert.match(String(challengeOf(token)), /^Bearer .*error="invalid_token".*, ApiKey realm="Postern"$/);
  assert.deepEqual([key.kind.code, key.description], [900901, 'The API key has been revoked.']);
  assert.equal(challengeOf(key), 'ApiKey realm="Postern"');
});

test('another one is let through', () => {
  assert.equal(check('API key', 'other', ['api_key']), undefined);
});
