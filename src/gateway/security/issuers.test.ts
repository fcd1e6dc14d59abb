import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Issuer } from '../../core/token.ts';
import { hasMoreKeys } from './issuers.ts';

const key = (kid: string) => ({ kid, kty: 'OKP', alg: 'EdDSA' });
const issuer = (...kids: string[]): Issuer => ({ issuer: 'https://one', audience: 'all', keys: kids.map(key) });

test('an issuer with a further key leaves what was verified as it is; one that lacks or changes anything does not', () => {
  assert.equal(hasMoreKeys(issuer('a'), issuer('b', 'a')), true);
  assert.equal(hasMoreKeys(issuer('a', 'b'), issuer('b', 'a')), true);
  assert.equal(hasMoreKeys(issuer('a'), issuer('b')), false);
  assert.equal(hasMoreKeys(issuer('a', 'b'), issuer('a')), false);
  assert.equal(hasMoreKeys(issuer('a'), { ...issuer('a'), keys: [{ ...key('a'), alg: 'ES256' }] }), false);
  assert.equal(hasMoreKeys(issuer('a'), { ...issuer('a', 'b'), audience: null }), false);
  assert.equal(hasMoreKeys(issuer('a'), { ...issuer('a', 'b'), foreign: true }), false);
});
