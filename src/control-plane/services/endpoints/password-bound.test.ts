import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EndpointConfig } from '../../../core/catalog-api.ts';
import { requireSameBackEnds } from './password-bound.ts';

const at = (url: string, more: EndpointConfig = {}): EndpointConfig => ({ production_endpoints: { url }, ...more });
const keep = (before: EndpointConfig | null, after: EndpointConfig | null) =>
  requireSameBackEnds({ endpointConfig: before }, after, 'password');

for (const [before, after] of [
  ['https://a.example', 'https://a.example/other/path'],
  ['https://a.example', 'https://A.example:443/'],
  ['http://a.example:8080', 'https://a.example:8080'],
] as const)
  test(`the password for ${before} is kept for ${after}`, () => keep(at(before), at(after)));

for (const [before, after] of [
  ['https://a.example', 'https://b.example'],
  ['https://a.example', 'https://a.example:8443'],
  ['https://a.example', 'https://a.example.'],
  ['https://a.example:8443', 'http://a.example:8443'],
  ['https://a.example', 'http://a.example'],
] as const)
  test(`400 when the password for ${before} would be sent to ${after}`, () => {
    assert.throws(() => keep(at(before), at(after)), { status: 400, message: new RegExp(`${new URL(after).origin};`) });
  });

test('400 when it is one of several addresses, of whatever kind, or where there was none', () => {
  const [old, other] = ['https://a.example', { url: 'https://b.example' }];
  for (const more of [
    { sandbox_endpoints: other },
    { production_failovers: [other] },
    { sandbox_failovers: [{ url: old }, other] },
    { production_endpoints: [{ url: old }, other] },
  ])
    assert.throws(() => keep(at(old), at(old, more)), { status: 400 });
  assert.throws(() => keep(null, at(old)), { status: 400 });
  keep(at(old, { sandbox_endpoints: other }), at('https://b.example'));
  keep(at(old), null);
});
