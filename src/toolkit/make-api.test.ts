/** What a definition may leave open: nothing that its author wrote closed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Problem } from '../adapters/openapi/openapi-document.ts';
import { readOpenApi } from '../adapters/openapi/read-open-api.ts';
import type { Resource } from '../core/api.ts';
import type { Raw } from './fields.ts';
import { makeApi } from './make-api.ts';

const responses = { 200: { description: 'OK' } };
const schemes = {
  oa: { type: 'oauth2', flows: { implicit: { authorizationUrl: 'https://x.example', scopes: {} } } },
  mt: { type: 'mutualTLS' },
};

async function made(given: Raw): Promise<{ resources: readonly Resource[]; problems: readonly Problem[] }> {
  const text = JSON.stringify({
    openapi: '3.1.0',
    info: { title: 'Vault', version: '1.0' },
    'x-wso2-basePath': '/vault',
    servers: [{ url: 'https://vault.example' }],
    components: { securitySchemes: schemes },
    ...given,
  });
  const { document, source, problems } = await readOpenApi(text, 'vault.json');
  assert.ok(document && source, JSON.stringify(problems));
  const { made: api, problems: found } = makeApi(
    { file: 'vault.json', document, source, id: null },
    new Set(['stamp']),
  );
  return { resources: api?.api.resources ?? [], problems: found };
}

function errors(problems: readonly Problem[]): string[] {
  return problems.filter(({ severity }) => severity === 'error').map(({ place }) => place);
}

const off = { 'x-wso2-disable-security': true };

for (const [what, own, authType] of [
  ['nothing of its own', {}, 'None'],
  ['an empty list', { security: [] }, 'None'],
  ["'security'", { security: [{ oa: [] }] }, 'Any'],
  ['an extension', { 'x-wso2-application-security': { 'security-types': ['basic_auth'] } }, 'Any'],
  ['a scope', { 'x-scope': 'read' }, 'Any'],
  ['a type of user', { 'x-auth-type': 'Application User' }, 'Application User'],
  ['a type that nobody knows', { 'x-auth-type': 'Somebody' }, 'Any'],
  ['that it is off', { ...off, security: [{ oa: [] }] }, 'None'],
] as const) {
  test(`security that is switched off for the API, and an operation that says ${what}: ${authType}`, async () => {
    const { resources, problems } = await made({ ...off, paths: { '/a': { get: { responses, ...own } } } });
    assert.equal(resources[0]?.authType, authType);
    assert.equal(
      problems.some(({ message }) => message.startsWith('security stays on here')),
      authType !== 'None',
    );
  });
}

const token = { 'x-wso2-application-security': { 'security-types': ['oauth2'] } };
const certificate = { schemes: [], mutualTls: 'mandatory' };
const both = { schemes: ['oauth2'], mutualTls: 'mandatory' };

for (const [what, api, operation, expected] of [
  ["is in the API's 'security', and the API has an extension", { security: [{ mt: [] }], ...token }, {}, both],
  ["is in the API's 'security', and the operation has an extension", { security: [{ mt: [] }] }, token, both],
  [
    "is in the operation's 'security' with a token, beside an extension",
    {},
    { ...token, security: [{ oa: [], mt: [] }] },
    both,
  ],
  ["is in the operation's 'security', and the API is switched off", off, { security: [{ mt: [] }] }, certificate],
  ["is in the API's 'security', and the operation is switched off", { security: [{ mt: [] }] }, off, certificate],
  [
    "is in the API's 'security' with a token, and x-auth-type is None",
    { security: [{ oa: [], mt: [] }] },
    { 'x-auth-type': 'None' },
    certificate,
  ],
  ['is one of two ways, and an extension asks for a token', { security: [{ oa: [] }, { mt: [] }] }, token, undefined],
] as const) {
  test(`a client certificate that ${what}: ${expected ? JSON.stringify(expected) : 'a token is asked for'}`, async () => {
    const { resources, problems } = await made({ ...api, paths: { '/a': { get: { responses, ...operation } } } });
    assert.deepEqual(errors(problems), []);
    assert.equal(resources[0]?.authType, 'Any');
    assert.deepEqual(resources[0]?.security, expected);
  });
}

test('several scopes in one entry: one warning, at the first of them', async () => {
  const together = { responses, security: [{ oa: ['read', 'write'] }] };
  const { problems } = await made({
    paths: {
      '/a': { get: { responses, security: [{ oa: ['read'] }, { oa: ['write'] }] } },
      '/b': { get: { ...together, 'x-scope': 'read' }, put: together, post: together },
    },
  });
  const said = problems.filter(({ message }) => message.includes('all the scopes'));
  assert.deepEqual(
    said.map(({ severity, place }) => `${severity} ${place}`),
    ['warning /paths/~1b/put/security/0'],
  );
});

test('what closes is an error in a path item, also in one that is referred to', async () => {
  const { problems } = await made({
    paths: {
      'x-wso2-mutual-ssl': 'mandatory',
      '/a': { get: { responses }, security: [{ oa: ['admin'] }] },
      '/b': { $ref: '#/components/pathItems/b' },
    },
    components: {
      securitySchemes: schemes,
      pathItems: { b: { get: { responses }, 'x-wso2-application-security': { 'security-types': ['oauth2'] } } },
    },
  });
  assert.deepEqual(errors(problems), [
    '/paths/x-wso2-mutual-ssl',
    '/paths/~1a/security',
    '/paths/~1b/x-wso2-application-security',
  ]);
});

for (const [key, severity] of [
  ['x-wso2-mutual-tls', 'error'],
  ['x-mgw-mutual-ssl', 'error'],
  ['X-WSO2-Transports', 'error'],
  ['x-wso2-mutualSSL', 'error'],
  ['x_wso2_throttling_tier', 'error'],
  ['x-mgw-request-interceptor', 'error'],
  ['x-wso2-disable-securty', 'error'],
  ['X-Scope', 'error'],
  ['Security', 'error'],
  ['x-wso2-ownr', 'warning'],
  ['x-mgw-basePath', 'warning'],
  ['x-wso2-of-somebody-else', 'warning'],
] as const) {
  test(`'${key}' is ${severity === 'error' ? 'an error' : 'a warning'}`, async () => {
    const { problems } = await made({ paths: { '/a': { get: { responses, [key]: 'true' } } } });
    const found = problems.filter(({ place }) => place === `/paths/~1a/get/${key}`);
    assert.equal(found[0]?.severity, severity);
    assert.match(found[0]?.message ?? '', /has no effect/);
  });
}

for (const [key, purpose] of [
  ['x-wso2-throttling-teir', "'x-wso2-throttling-tier' would limit how often it is called"],
  ['x-wso2-transport', "'x-wso2-transports' would say whether it is called by http or https"],
  ['x-wso2-mutual-tls', "'x-wso2-mutual-ssl' would say who may call"],
] as const) {
  test(`the error of '${key}' says what was meant, and what for`, async () => {
    const { problems } = await made({ [key]: 'Gold', paths: { '/a': { get: { responses } } } });
    assert.equal(problems.find(({ place }) => place === `/${key}`)?.message, `'${key}' has no effect, and ${purpose}`);
  });
}

test('an extension that would close is found behind ten thousand others', async () => {
  const others = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`x-wso2-other-${i}`, true]));
  const { resources } = await made({
    ...others,
    'x-wso2-mutual-tls': 'mandatory',
    paths: { '/a': { get: { responses } } },
  });
  assert.deepEqual(resources, []);
});

test('an interceptor of requests is an error, one of answers a warning', async () => {
  const { problems } = await made({
    'x-wso2-response-interceptor': 'stamp',
    paths: { '/a': { get: { responses, 'x-wso2-request-interceptor': 'stamp' } } },
  });
  assert.deepEqual(errors(problems), ['/paths/~1a/get/x-wso2-request-interceptor']);
  assert.match(problems.find(({ place }) => place === '/x-wso2-response-interceptor')?.message ?? '', /not called yet/);
});
