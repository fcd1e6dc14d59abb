import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalogApi } from '../../test/support/catalog-api.ts';
import { testApi, testResource } from '../../test/support/gateway.ts';
import type { Api, Security } from './api.ts';
import { deployedApi } from './deployed-api.ts';

const given = catalogApi(
  testApi('vault', 'http://localhost', {
    resources: [testResource(), testResource({ path: '/open', authType: 'None' })],
  }).value as Api,
);
const needed = 'oauth_basic_auth_api_key_mandatory';

const cases: readonly [names: readonly string[], security: Security | undefined][] = [
  [['oauth2'], undefined],
  [['oauth2', needed], undefined],
  [['basic_auth', 'api_key'], { schemes: ['basic_auth', 'api_key'] }],
  [['mutualssl'], { schemes: [], mutualTls: 'mandatory' }],
  [['mutualssl', 'mutualssl_mandatory', needed], { schemes: [], mutualTls: 'mandatory' }],
  [['oauth2', 'mutualssl', 'mutualssl_mandatory', needed], { schemes: ['oauth2'], mutualTls: 'mandatory' }],
  [
    ['oauth2', 'mutualssl', 'mutualssl_mandatory'],
    { schemes: ['oauth2'], mutualTls: 'mandatory', schemesOptional: true },
  ],
  [['oauth2', 'mutualssl', needed], undefined],
  [['oauth2', 'api_key', 'mutualssl', needed], { schemes: ['oauth2', 'api_key'] }],
  [['oauth2', 'mutualssl'], { schemes: ['oauth2'], mutualTls: 'optional' }],
  // Without mutualssl itself nobody asks for a certificate.
  [['oauth2', 'mutualssl_mandatory'], undefined],
];
for (const [names, security] of cases) {
  test(`securityScheme ${names.join(', ')} is ${JSON.stringify(security) ?? 'an access token'}`, () => {
    assert.deepEqual(deployedApi({ ...given, securityScheme: names }).security, security);
  });
}

test('a resource without security asks for the certificate all the same where it is mandatory, but not of a prototype', () => {
  const openOf = (securityScheme: readonly string[], status: Api['status'] = 'PUBLISHED') => {
    const { authType, security } = deployedApi({ ...given, securityScheme, status }).resources[1] ?? {};
    return [authType, security];
  };
  const certificate = { schemes: [], mutualTls: 'mandatory' };
  assert.deepEqual(openOf(['oauth2', 'mutualssl', 'mutualssl_mandatory', needed]), ['Any', certificate]);
  assert.deepEqual(openOf(['oauth2', 'mutualssl']), ['None', undefined]);
  assert.deepEqual(openOf(['mutualssl'], 'PROTOTYPED'), ['None', undefined]);
});
