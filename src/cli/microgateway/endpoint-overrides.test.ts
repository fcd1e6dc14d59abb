import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Api } from '../../core/api.ts';
import type { EntityChange } from '../../core/snapshot.ts';
import { overrideEndpoints, readEndpointOverrides } from './endpoint-overrides.ts';

const api: Api = {
  id: 'a1',
  name: 'Shop',
  version: '1.0.0',
  provider: 'admin@carbon.super',
  context: '/shop',
  isDefaultVersion: false,
  status: 'PUBLISHED',
  resources: [
    { path: '/a', verb: 'GET', authType: 'Any', scopes: [], tier: 'Unlimited' },
    {
      path: '/b',
      verb: 'GET',
      authType: 'Any',
      scopes: [],
      tier: 'Unlimited',
      endpoints: { production: { name: 'orders', url: 'http://o1', others: ['http://o2'], type: 'failover' } },
    },
  ],
  endpoints: { production: { url: 'http://p' }, sandbox: { name: 'orders', url: 'http://s' } },
  cors: null,
  scopes: [],
};
const entities: EntityChange[] = [{ kind: 'api', id: 'a1', value: api }];

function override(flags: readonly string[], env: Readonly<Record<string, string>> = {}, of = entities): Api {
  const [changed] = overrideEndpoints(of, readEndpointOverrides(flags, env));
  return changed?.value as Api;
}

describe('an address is replaced', () => {
  it('by the id of its API', () => {
    assert.equal(override(['--a1_prod_endpoint_0=https://x/y']).endpoints.production?.url, 'https://x/y');
  });

  it('by its own name, wherever that is used, for one key type', () => {
    const changed = override(['--orders_prod_endpoint_1=http://n']);
    assert.deepEqual(changed.resources[1]?.endpoints?.production, {
      name: 'orders',
      url: 'http://o1',
      others: ['http://n'],
      type: 'failover',
    });
    assert.equal(changed.endpoints.sandbox?.url, 'http://s');
  });

  it('by the environment, and a flag goes before it', () => {
    const env = { orders_sand_endpoint_0: 'http://env' };
    assert.equal(override([], env).endpoints.sandbox?.url, 'http://env');
    assert.equal(override(['--orders_sand_endpoint_0=http://flag'], env).endpoints.sandbox?.url, 'http://flag');
  });

  it('and nothing else is', () => {
    assert.deepEqual(override([], { other_prod_endpoint_0: 'http://x', PATH: '/bin' }), api);
  });
});

it('credentials are given by name', () => {
  const changed = override(['--orders_sand_basic_username=u'], { orders_sand_basic_password: 'p=q' });
  assert.deepEqual(changed.endpoints.sandbox?.basic, { username: 'u', password: 'p=q' });
});

describe('refused is', () => {
  const secured: EntityChange[] = [
    {
      kind: 'api',
      id: 'a1',
      value: { ...api, endpoints: { production: { url: 'http://p', basic: { username: 'u', password: '' } } } },
    },
  ];
  const cases: [what: string, run: () => unknown, problem: RegExp][] = [
    [
      'an unknown name',
      () => override(['--ordres_prod_endpoint_0=http://x']),
      /^--ordres_.*expected one of a1, orders$/,
    ],
    [
      'a number too high',
      () => override(['--orders_prod_endpoint_2=http://x']),
      /endpoint_2: expected a number below 2/,
    ],
    ['no address', () => override(['--a1_prod_endpoint_0=ftp://x']), /expected an http or https address$/],
    ['no value', () => override(['--a1_prod_endpoint_0']), /expected an http or https address$/],
    ['credentials without password', () => override([], {}, secured), /^Shop 1\.0\.0: expected a1_prod_basic_password/],
  ];
  for (const [what, run, problem] of cases) {
    it(what, () => assert.throws(run, { name: 'ConfigError', message: problem }));
  }
});
