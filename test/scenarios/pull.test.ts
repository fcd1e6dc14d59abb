/** A microgateway project from what is published: the control plane decides, the artifact says the same. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Api } from '../../src/core/api.ts';
import { buildProject } from '../../src/toolkit/build.ts';
import type { ControlPlaneLogIn } from '../../src/toolkit/pull/control-plane-client.ts';
import { pullApis } from '../../src/toolkit/pull/pull-apis.ts';
import { closeConnections } from '../support/call.ts';
import { type Postern, startPostern } from '../support/postern.ts';
import { logIn, type RestClient, restClient } from '../support/rest.ts';

const root = mkdtempSync(join(tmpdir(), 'pull-'));
let postern: Postern;
let publisher: RestClient;
let asAdmin: ControlPlaneLogIn;

before(async () => {
  postern = await startPostern();
  const scopes = ['apim:api_view', 'apim:api_create', 'apim:api_publish'];
  publisher = restClient(`${postern.server}/api/am/publisher/v1`, await logIn(postern.server, { scopes }));
  const ca = readFileSync(join(postern.data, 'certificates', 'ca.pem'), 'utf8');
  asAdmin = {
    serverUrl: postern.server,
    username: 'admin',
    password: 'admin',
    certificates: [ca],
    insecure: false,
  };
});
after(async () => {
  closeConnections();
  await postern?.stop();
  rmSync(root, { recursive: true });
});

async function pullAndBuild(name: string, version: string): Promise<Api> {
  const folder = join(root, `${name}-${version}`);
  await pullApis(folder, { name, version }, asAdmin);
  const { problems, artifact } = await buildProject(folder);
  const errors = problems.filter(({ severity }) => severity === 'error');
  assert.deepEqual(errors, []);
  assert.equal(artifact?.apis.length, 1);
  return artifact?.apis[0] as Api;
}

test('the sample: the artifact has the id, scopes and limits that the control plane has', async () => {
  const api = await pullAndBuild('PizzaShackAPI', '1.0.0');
  const { id, context, basePath, resources, provider } = api;
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.deepEqual(
    { context, basePath, provider },
    { context: '/pizzashack', basePath: undefined, provider: 'admin@carbon.super' },
  );
  assert.deepEqual(
    resources.map(({ verb, path, scopes }) => `${verb} ${path} ${scopes}`),
    [
      'GET /menu ',
      'POST /order ',
      'GET /order/{orderId} order:read',
      'PUT /order/{orderId} order:update',
      'DELETE /order/{orderId} order:update',
    ],
  );
  assert.deepEqual(
    api.scopes.map(({ name, roles }) => `${name}: ${roles}`),
    ['order:read: admin,Internal/subscriber', 'order:update: admin,Internal/subscriber'],
  );
  const policies = readFileSync(join(root, 'PizzaShackAPI-1.0.0', 'gen', 'policies.yaml'), 'utf8');
  assert.match(policies, /- Bronze:\n\s+count: 1000\n/);
});

test('a published API: endpoints, security, transports, tiers, CORS and authorization header as they were published', async () => {
  const { body } = await publisher.post('/apis', {
    name: 'Tides',
    version: '2.0.0',
    context: '/tides',
    transport: ['https'],
    policies: ['Gold'],
    apiThrottlingPolicy: '10KPerMin',
    authorizationHeader: 'X-Tide-Token',
    securityScheme: ['oauth2', 'basic_auth', 'api_key', 'oauth_basic_auth_api_key_mandatory'],
    corsConfiguration: {
      corsConfigurationEnabled: true,
      accessControlAllowOrigins: ['https://sea.example'],
      accessControlAllowCredentials: true,
      accessControlAllowHeaders: ['authorization'],
      accessControlAllowMethods: ['GET'],
    },
    endpointConfig: {
      endpoint_type: 'failover',
      production_endpoints: { url: 'https://tides.example/v2', config: { actionDuration: '2000' } },
      production_failovers: [{ url: 'https://tides2.example/v2' }],
      sandbox_endpoints: { url: 'http://sandbox.tides.example' },
    },
    operations: [
      { target: '/now', verb: 'GET', authType: 'None', throttlingPolicy: 'Unlimited', scopes: [] },
      { target: '/now', verb: 'PUT', authType: 'Application User', throttlingPolicy: '20KPerMin', scopes: [] },
    ],
  });
  const { id } = JSON.parse(body) as { id: string };
  await publisher.post(`/apis/change-lifecycle?apiId=${id}&action=Publish`);
  const api = await pullAndBuild('Tides', '2.0.0');
  assert.equal(api.id, id);
  assert.deepEqual(
    api.resources.map(({ verb, authType, security }) => ({ verb, authType, schemes: security?.schemes })),
    [
      { verb: 'GET', authType: 'None', schemes: undefined },
      { verb: 'PUT', authType: 'Application User', schemes: ['oauth2', 'basic_auth', 'api_key'] },
    ],
  );
  const { production, sandbox } = api.endpoints;
  assert.deepEqual(
    { url: production?.url, others: production?.others, type: production?.type, timeout: production?.timeout },
    { url: 'https://tides.example/v2', others: ['https://tides2.example/v2'], type: 'failover', timeout: 2000 },
  );
  assert.equal(sandbox?.url, 'http://sandbox.tides.example');
  assert.deepEqual(api.transports, ['https']);
  assert.equal(api.tier, '10KPerMin');
  assert.equal(api.authorizationHeader, 'x-tide-token');
  assert.deepEqual(api.cors, {
    allowOrigins: ['https://sea.example'],
    allowHeaders: ['authorization'],
    allowMethods: ['GET'],
    allowCredentials: true,
  });
});

test('an API that is not published is refused; nothing is made', async () => {
  await publisher.post('/apis', { name: 'Draft', version: '1.0.0', context: '/draft' });
  const folder = join(root, 'draft');
  await assert.rejects(pullApis(folder, { name: 'Draft', version: '1.0.0' }, asAdmin), /it is CREATED/);
  assert.ok(!existsSync(folder));
});

for (const [what, change, expected] of [
  ['a wrong password', { password: 'hunter2' }, /register answers 401: .*user name and password/],
  ['a certificate that nobody vouches for', { certificates: [] }, /certificate.*--truststore/],
  ['an address in the clear', { serverUrl: 'http://localhost:9443' }, /is no https address/],
  ['nobody there', { serverUrl: 'https://127.0.0.1:1' }, /can't reach https:\/\/127.0.0.1:1/],
] as const) {
  test(`${what}: refused with the reason, and a project that is there stays as it is`, async () => {
    const folder = join(root, 'PizzaShackAPI-1.0.0');
    const before = readdirSync(folder, { recursive: true });
    const selection = { name: 'PizzaShackAPI', version: '1.0.0' };
    await assert.rejects(pullApis(folder, selection, { ...asAdmin, ...change }), (error: Error) => {
      assert.match(error.message, expected);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    });
    assert.deepEqual(readdirSync(folder, { recursive: true }), before);
  });
}
