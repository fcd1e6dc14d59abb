/** The publisher API with APIs and definitions that were mutated at random, always in the same way: an answer, never a failure. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeConnections } from '../../support/call.ts';
import { type Postern, startPostern } from '../../support/postern.ts';
import { logIn, type RestClient, restClient } from '../../support/rest.ts';

let postern: Postern;
let publisher: RestClient;

before(async () => {
  postern = await startPostern({ args: ['--gateway.threads=1'] });
  const scopes = ['apim:api_view', 'apim:api_create', 'apim:api_publish'];
  publisher = restClient(`${postern.server}/api/am/publisher/v1`, await logIn(postern.server, { scopes }));
});
after(async () => {
  closeConnections();
  await postern?.stop();
});

const api = {
  name: 'Seed',
  context: '/seed',
  version: '1.0.0',
  type: 'HTTP',
  policies: ['Unlimited'],
  tags: ['a'],
  transport: ['http', 'https'],
  securityScheme: ['oauth2'],
  visibility: 'RESTRICTED',
  visibleRoles: ['admin'],
  additionalProperties: { colour: 'red' },
  endpointSecurity: { type: 'BASIC', username: 'u', password: 'p' },
  corsConfiguration: { corsConfigurationEnabled: true, accessControlAllowOrigins: ['*'] },
  maxTps: { production: 10 },
  endpointConfig: {
    endpoint_type: 'failover',
    production_endpoints: { url: 'http://a.example', config: { actionDuration: 100 } },
    production_failovers: [{ url: 'http://b.example' }],
    endpoint_security: { production: { enabled: true, type: 'BASIC', username: 'u', password: 'p' } },
  },
  scopes: [{ scope: { name: 'eat', bindings: ['admin'] } }],
  operations: [{ target: '/x/{id}', verb: 'GET', scopes: ['eat'], authType: 'Any' }],
};
const definition = {
  openapi: '3.0.1',
  info: { title: 'Seed', version: '1' },
  paths: {
    '/x/{id}': {
      get: {
        security: [{ o: ['eat'] }],
        'x-auth-type': 'Application',
        'x-throttling-tier': 'Unlimited',
        'x-scope': 'eat',
        responses: { '200': { description: 'OK' } },
      },
    },
  },
  components: {
    securitySchemes: {
      o: {
        type: 'oauth2',
        flows: {
          implicit: { authorizationUrl: 'https://x', scopes: { eat: 'x' }, 'x-scopes-bindings': { eat: 'admin' } },
        },
      },
    },
  },
  'x-wso2-security': { apim: { 'x-wso2-scopes': [{ key: 'drink', name: 'd', roles: 'admin' }] } },
};

/** Numbers that look random and are the same each time (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const odd: readonly unknown[] = [
  null,
  '',
  0,
  -1,
  1e300,
  true,
  [],
  {},
  [[]],
  [null],
  '\u0000',
  '/../',
  '{',
  'x'.repeat(5000),
];
const oddKeys = ['__proto__', 'constructor', '', 'x-', 'toString'];

/** One thing somewhere in the value is another one, gone, or there twice. */
function mutate(value: unknown, next: (below: number) => number): unknown {
  if (typeof value !== 'object' || value === null || next(6) === 0) return odd[next(odd.length)];
  if (Array.isArray(value)) {
    const at = next(value.length + 1);
    if (at === value.length) return [...value, ...value];
    return value.map((one, i) => (i === at ? mutate(one, next) : one));
  }
  const entries = Object.entries(value);
  const at = next(entries.length + 1);
  if (at === entries.length) return { ...value, [oddKeys[next(oddKeys.length)] as string]: odd[next(odd.length)] };
  if (next(8) === 0) return Object.fromEntries(entries.filter((_, i) => i !== at));
  return Object.fromEntries(entries.map(([key, one], i) => [key, i === at ? mutate(one, next) : one]));
}

/** A scope belongs to the APIs of one name. */
function withOwnScopes<T>(value: T, mark: string): T {
  return JSON.parse(JSON.stringify(value).replaceAll(/"(eat|drink)"/g, `"$1-${mark}"`));
}

test('500 mutated APIs and 300 mutated definitions: created or refused with a reason', async () => {
  const next = numbers(1);
  const seen = new Map<number, number>();
  const check = ({ status, body }: { status: number; body: string }, sent: unknown): void => {
    assert.ok(
      [201, 400, 409, 415, 501].includes(status),
      `${status} ${body} for ${JSON.stringify(sent).slice(0, 2000)}`,
    );
    if (status !== 201) assert.ok(JSON.parse(body).description.length > 10, body);
    seen.set(status, (seen.get(status) ?? 0) + 1);
  };
  for (let i = 0; i < 500; i++) {
    const sent = mutate({ ...withOwnScopes(api, `s${i}`), name: `Seed${i}`, context: `/seed${i}` }, next);
    check(await publisher.post('/apis', sent), sent);
  }
  for (let i = 0; i < 300; i++) {
    const sent = mutate(withOwnScopes(definition, `i${i}`), next);
    const fields = JSON.stringify({ name: `Import${i}`, context: `/import${i}`, version: '1' });
    const parts = [
      { name: 'file', content: JSON.stringify(sent), fileName: 'a.json' },
      { name: 'additionalProperties', content: fields },
    ];
    check(await publisher.form('/apis/import-openapi', parts), sent);
  }
  assert.ok((seen.get(201) ?? 0) > 50 && (seen.get(400) ?? 0) > 50, JSON.stringify([...seen]));
  // What was taken is well-formed: it is listed, with everything.
  assert.equal((await publisher.get('/apis?limit=1000&expand=true')).status, 200);
});
