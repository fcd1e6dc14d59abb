import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cors } from '../../core/api.ts';
import type { Exchange } from '../exchange.ts';
import { corsFields } from './answer-cors.ts';
import { respond } from './respond.ts';

const rules = (allowOrigins: string[], allowCredentials = false): Cors => ({
  allowOrigins,
  allowHeaders: [],
  allowMethods: [],
  allowCredentials,
});
const good = 'https://good.example';

const cases: readonly [what: string, cors: Cors, origin: string | undefined, fields: Record<string, string>][] = [
  ['everybody, no origin', rules(['*']), undefined, {}],
  ['everybody', rules(['*']), good, { 'access-control-allow-origin': '*' }],
  ['a listed origin', rules([good]), good, { 'access-control-allow-origin': good, vary: 'Origin' }],
  [
    'a listed origin with credentials',
    rules([good], true),
    good,
    { 'access-control-allow-origin': good, 'access-control-allow-credentials': 'true', vary: 'Origin' },
  ],
  ['an origin that is not listed', rules([good]), 'https://evil.example', { vary: 'Origin' }],
  ['listed origins, no origin', rules([good]), undefined, { vary: 'Origin' }],
  [
    'everybody with credentials: no credentials for origins that nobody listed',
    rules(['*'], true),
    good,
    { 'access-control-allow-origin': good, vary: 'Origin' },
  ],
];
for (const [what, cors, origin, fields] of cases) {
  test(`CORS fields for ${what}`, () => assert.deepEqual(Object.fromEntries(corsFields(cors, origin)), fields));
}

function edits(cors: Cors | null, origin: string | undefined, answer: Record<string, string>) {
  const x = { route: { api: { api: { cors } } }, wire: { header: () => origin } } as unknown as Exchange;
  return respond(x, { header: (name) => answer[name] });
}

test("the back end's CORS fields give way to the API's rules, its Vary is kept", () => {
  const changed = edits(rules([good]), good, { vary: 'Accept' });
  assert.ok(changed?.remove.includes('access-control-allow-origin'));
  assert.deepEqual(Object.fromEntries(changed?.set ?? []).vary, 'Accept, Origin');
  assert.ok(
    edits(rules(['*']), undefined, {})?.remove.includes('access-control-allow-origin'),
    'also without an origin',
  );
});

test('an API without rules leaves the answer as it is', () => assert.equal(edits(null, good, {}), null));
