import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOpenApi } from '../../adapters/openapi/read-open-api.ts';
import type { Api } from '../../core/api.ts';
import type { Raw } from '../fields.ts';
import { makeApi } from '../make-api.ts';
import { definitionOf, type PublishedApi } from './definition-of.ts';
import { policiesOf } from './policies-of.ts';

const published: PublishedApi = {
  id: '8a1f0c52-6f0e-4b57-8f3e-2f6f1d0c9a11',
  name: 'Orders',
  version: '1.2.0',
  context: '/orders',
  endpointConfig: { endpoint_type: 'http', production_endpoints: { url: 'https://orders.example' } },
  operations: [{ target: '/a', verb: 'GET', authType: 'Application & Application User', scopes: ['read'] }],
  scopes: [{ scope: { name: 'read', description: 'Look', bindings: ['admin'] } }],
};
const plain = { openapi: '3.0.1', info: { title: 'x', version: 'y' }, paths: { '/a': { get: { responses: {} } } } };

async function apiOf(api: PublishedApi, given: Raw): Promise<Api> {
  const text = JSON.stringify(definitionOf(api, given));
  const { document, source, problems } = await readOpenApi(text, 'orders.json');
  assert.ok(document && source, JSON.stringify(problems));
  const made = makeApi({ file: 'orders.json', document, source, id: api.id }, new Set());
  assert.ok(made.made, JSON.stringify(made.problems));
  return made.made.api;
}

test('what the publisher says holds, not what the definition says', async () => {
  const api = await apiOf(published, {
    ...plain,
    servers: [{ url: 'https://elsewhere.example' }],
    'x-wso2-disable-security': true,
    'x-wso2-basePath': '/elsewhere',
    'x-wso2-production-endpoints': { urls: ['https://elsewhere.example'] },
    paths: {
      '/a': { get: { responses: {}, 'x-auth-type': 'None', 'x-wso2-disable-security': true }, put: { responses: {} } },
      '/not-published': { get: { responses: {} } },
    },
  });
  assert.equal(api.context, '/orders');
  assert.equal(api.endpoints.production?.url, 'https://orders.example');
  assert.deepEqual(api.resources, [{ path: '/a', verb: 'GET', authType: 'Any', scopes: ['read'], tier: 'Unlimited' }]);
  assert.deepEqual(api.scopes, [{ name: 'read', roles: ['admin'] }]);
});

test('an API is closed when stale as the publisher says, whatever the definition says, and by a word that nobody knows', async () => {
  const stale = async (additionalProperties: Raw, given: Raw = plain) =>
    (await apiOf({ ...published, additionalProperties }, given)).whenStale;
  assert.equal(await stale({ whenStale: 'closed' }), 'closed');
  assert.equal(await stale({ whenStale: 'closed' }, { ...plain, 'x-postern-when-stale': 'open' }), 'closed');
  assert.equal(await stale({ whenStale: 'open' }), 'open');
  assert.equal(await stale({ whenStale: 'Open' }), 'closed');
  assert.equal(await stale({ team: 'blue' }, { ...plain, 'x-postern-when-stale': 'open' }), undefined);
});

test('a definition of OpenAPI 2 keeps its form', async () => {
  const given = { swagger: '2.0', info: plain.info, host: 'elsewhere.example', paths: {} };
  const api = await apiOf(published, given);
  assert.equal(api.name, 'Orders');
  assert.deepEqual(api.resources[0]?.scopes, ['read']);
  assert.equal(api.endpoints.production?.url, 'https://orders.example');
});

for (const [names, expected] of [
  [['oauth2', 'oauth_basic_auth_api_key_mandatory'], undefined],
  [['oauth2', 'api_key', 'oauth_basic_auth_api_key_mandatory'], { schemes: ['oauth2', 'api_key'] }],
  [['mutualssl', 'mutualssl_mandatory'], { schemes: [], mutualTls: 'mandatory' }],
  [['mutualssl'], { schemes: [], mutualTls: 'mandatory' }],
  [
    ['oauth2', 'mutualssl', 'mutualssl_mandatory', 'oauth_basic_auth_api_key_mandatory'],
    { schemes: ['oauth2'], mutualTls: 'mandatory' },
  ],
  [['oauth2', 'mutualssl', 'mutualssl_mandatory'], { schemes: [], mutualTls: 'mandatory' }],
  [['oauth2', 'mutualssl', 'oauth_basic_auth_api_key_mandatory'], undefined],
] as const) {
  test(`the security scheme ${names.join(', ')} is ${expected ? JSON.stringify(expected) : 'an access token'}`, async () => {
    const api = await apiOf({ ...published, securityScheme: names }, plain);
    assert.deepEqual(api.resources[0]?.security, expected);
  });
}

test('policies: what policies.yaml can say is taken over, and what it can not is said', () => {
  const limit = (requestCount: number, timeUnit: string) => ({
    type: 'REQUESTCOUNTLIMIT',
    requestCount: { requestCount, unitTime: 1, timeUnit },
  });
  const { yaml, remarks, ids } = policiesOf({
    resource: [
      { policyName: 'Unlimited', defaultLimit: limit(2_147_483_647, 'min') },
      { policyName: 'Odd', defaultLimit: limit(7, 'days'), conditionalGroups: [{}] },
    ],
    application: [{ policyName: 'Wide', defaultLimit: { type: 'BANDWIDTHLIMIT', bandwidth: {} } }],
    subscription: [
      { policyName: 'Burst', defaultLimit: limit(9, 'hours'), rateLimitCount: 5, stopOnQuotaReach: false },
    ],
  });
  assert.match(yaml, /- Odd:\n\s+count: 7\n\s+unitTime: 1\n\s+timeUnit: day\n/);
  assert.match(yaml, /- Burst:\n\s+count: 9\n\s+unitTime: 1\n\s+timeUnit: hour\n\s+stopOnQuota: false\n/);
  assert.deepEqual([...ids], ['resource|Odd', 'subscription|Burst']);
  assert.deepEqual(
    remarks.map((remark) => remark.replace(/:.*|;.*/, '')),
    [
      "the conditions of the resource policy 'Odd' are left out",
      "the application policy 'Wide' is left out",
      "the burst control of the subscription policy 'Burst' is left out",
    ],
  );
});
