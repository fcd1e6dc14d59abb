/** The publisher API: what is refused of definitions, by the check and by the import alike, and what their extensions say. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { writeZip } from '../../../src/platform/zip.ts';
import { closeConnections } from '../../support/call.ts';
import { type Postern, startPostern } from '../../support/postern.ts';
import { logIn, type Part, type RestClient, restClient } from '../../support/rest.ts';

type Json = Record<string, unknown>;

const responses = { '200': { description: 'OK' } };
const shop = {
  type: 'oauth2',
  flows: { implicit: { authorizationUrl: 'https://books.example/authorize', scopes: { sell: 'Sell books' } } },
};

let postern: Postern;
let publisher: RestClient;
let importer: RestClient;

before(async () => {
  postern = await startPostern({ args: ['--gateway.threads=1', '--controlPlane.privateAddresses=deny'] });
  const scopes = ['apim:api_view', 'apim:api_create', 'apim:api_publish', 'apim:api_delete'];
  const importing = await logIn(postern.server, { scopes: ['apim:api_import_export'] });
  importer = restClient(`${postern.server}/api/am/admin/v1`, importing);
  publisher = restClient(`${postern.server}/api/am/publisher/v1`, await logIn(postern.server, { scopes }));
});
after(async () => {
  closeConnections();
  await postern?.stop();
});

/** Of an API with one path `/books`, whose `get` has `operation`. */
function definitionOf(api: Json, operation: Json = {}): Json {
  return {
    openapi: '3.0.1',
    info: { title: 'Books', version: '1' },
    paths: { '/books': { get: { responses, ...operation } } },
    components: { securitySchemes: { shop } },
    ...api,
  };
}

const file = (definition: Json): Part => ({
  name: 'file',
  content: JSON.stringify(definition),
  fileName: 'books.json',
});

async function importAs(name: string, definition: Json, more: Json = {}) {
  const fields = { name, version: '1', context: `/${name.toLowerCase()}`, policies: ['Unlimited'], ...more };
  const part = { name: 'additionalProperties', content: JSON.stringify(fields) };
  const answer = await publisher.form('/apis/import-openapi', [file(definition), part]);
  return { status: answer.status, body: answer.body, api: answer.json() };
}

const schemes = {
  shop,
  till: shop,
  oidc: { type: 'openIdConnect', openIdConnectUrl: 'https://books.example/.well-known' },
  bearer: { type: 'http', scheme: 'bearer' },
  basic: { type: 'http', scheme: 'basic' },
  key: { type: 'apiKey', in: 'header', name: 'key' },
  second: { type: 'apiKey', in: 'header', name: 'second' },
  certificate: { type: 'mutualTLS' },
};
/** Of OpenAPI 3.1, whose schemes can be of any kind and have roles. */
const withSchemes = (api: Json, operation: Json = {}): Json =>
  definitionOf({ openapi: '3.1.0', components: { securitySchemes: schemes }, ...api }, operation);
const sameCalls = (one: string, other: string): Json =>
  definitionOf({ paths: { [one]: { get: { responses } }, [other]: { get: { responses, 'x-auth-type': 'None' } } } });

for (const [what, definition, expected] of [
  ['a path with and without a slash at its end', sameCalls('/a', '/a/'), /GET \/a\/ and GET \/a are the same calls/],
  ['a path with and without parameters of a segment', sameCalls('/a', '/a;x'), /are the same calls/],
  ['a path as it is and encoded', sameCalls('/é', '/%c3%A9'), /are the same calls/],
  ['a path that no request can have', sameCalls('/a', '/a%2Fb'), /no request can have "a%2Fb"/],
  ['a dot segment', sameCalls('/a', '/b/..'), /no request can have "\.\."/],
  [
    'scopes of OpenID Connect',
    withSchemes({ security: [{ oidc: ['sell'] }] }),
    /^\/security\/0: 'oidc' \(openIdConnect\) has scopes or roles.*oauth2/m,
  ],
  [
    'roles of a bearer token',
    withSchemes({}, { security: [{ shop: ['sell'] }, { bearer: ['seller'] }] }),
    /\/paths\/~1books\/get\/security\/1: 'bearer' \(http\) has scopes or roles/,
  ],
  [
    'a client certificate that the API does not ask for',
    withSchemes({ security: [{ certificate: [] }] }),
    /security\/0: a client certificate is needed; expected mutualssl and mutualssl_mandatory/,
  ],
  [
    'a certificate with one of two schemes',
    withSchemes({ security: [{ certificate: [], shop: ['sell'] }, { key: [] }] }),
    /security\/0: a client certificate is needed/,
  ],
  [
    'scopes of two schemes together',
    withSchemes({}, { security: [{ shop: ['sell'], till: ['sell'] }] }),
    /can't ask for 'shop' and 'till' together/,
  ],
  [
    'a token and a key together',
    withSchemes({ security: [{ shop: [], key: [] }] }),
    /can't ask for 'shop' and 'key' together/,
  ],
  [
    'security of all that is switched off for all',
    withSchemes({ security: [{ shop: ['sell'] }], 'x-wso2-disable-security': true }),
    /x-wso2-disable-security: it contradicts the 'security' of the document/,
  ],
  [
    'security of all, and no token for all',
    withSchemes({ security: [{ shop: ['sell'] }], 'x-auth-type': 'none' }),
    /x-auth-type: it contradicts the 'security' of the document/,
  ],
  ['a scope that nothing declares', definitionOf({}, { 'x-scope': 'buy' }), /GET \/books names the scope "buy"/],
  ['a tier that is not there', definitionOf({}, { 'x-wso2-throttling-tier': 'No' }), /no throttling policy "No"/],
  [
    'a role that nobody has',
    definitionOf({
      components: {
        securitySchemes: {
          shop: { ...shop, flows: { implicit: { ...shop.flows.implicit, 'x-scopes-bindings': { sell: 'nobody' } } } },
        },
      },
    }),
    /no role "nobody"/,
  ],
  ['no operations', definitionOf({ paths: {} }), /no operations/],
  ['a verb that is not served', definitionOf({ paths: { '/a': { trace: { responses } } } }), /TRACE can't be served/],
  [
    'half a parameter',
    definitionOf({ paths: { '/{id}.json': { get: { responses } } } }),
    /'\/{id}\.json': in '{id}\.json' the parameter is only a part/,
  ],
  [
    'a star in the middle',
    definitionOf({ paths: { '/a/*/b': { get: { responses } } } }),
    /'\*' stands for all that is below/,
  ],
  ['5,001 operations', definitionOf({ paths: paths(5001) }), /it has 5001 operations; expected at most 5000/],
  [
    '1,001 scopes in x-scope',
    definitionOf({ paths: paths(1001, (i) => ({ 'x-scope': `s${i}` })) }),
    /it has 1002 scopes; expected at most 1000/,
  ],
  [
    '1,001 scopes of an older release',
    definitionOf({
      'x-wso2-security': { apim: { 'x-wso2-scopes': Array.from({ length: 1001 }, (_, i) => ({ key: `s${i}` })) } },
    }),
    /it has 1002 scopes; expected at most 1000/,
  ],
  ['an interceptor of requests', definitionOf({}, { 'x-wso2-request-interceptor': 'check' }), /may refuse callers/],
  ['an interceptor of requests of all', definitionOf({ 'x-wso2-request-interceptor': 'check' }), /may refuse callers/],
  [
    'schemes that are stricter for one operation',
    definitionOf(
      { 'x-wso2-application-security': { 'security-types': ['oauth2', 'api_key'] } },
      { 'x-wso2-application-security': { 'security-types': ['oauth2'] } },
    ),
    /accepts api_key besides/,
  ],
  [
    'schemes that nobody knows',
    definitionOf({ 'x-wso2-application-security': { 'security-types': ['magic'] } }),
    /expected 'security-types'/,
  ],
  [
    'optional security',
    definitionOf({ 'x-wso2-application-security': { 'security-types': ['oauth2'], optional: true } }),
    /security is not optional/,
  ],
  [
    'a transport that nobody has',
    definitionOf({ 'x-wso2-transports': ['ws'] }),
    /x-wso2-transports|transport: expected http/,
  ],
  [
    'a header field that is none',
    definitionOf({ 'x-wso2-auth-header': 'a b' }),
    /x-wso2-auth-header: expected the name|authorizationHeader: expected/,
  ],
  [
    'CORS with a text for a list',
    definitionOf({ 'x-wso2-cors': { accessControlAllowOrigins: '*' } }),
    /x-wso2-cors.*expected a list|accessControlAllowOrigins/,
  ],
  ['a certificate of a third kind', definitionOf({ 'x-wso2-mutual-ssl': 'always' }), /expected mandatory or optional/],
  [
    'security that is switched off by a text',
    definitionOf({}, { 'x-wso2-disable-security': 'true' }),
    /expected true or false/,
  ],
  [
    'an extension of the betas',
    definitionOf({ 'x-mgw-disable-security': false }),
    /expected 'x-wso2-disable-security'/,
  ],
  [
    'an extension at a path',
    definitionOf({ paths: { '/a': { 'x-wso2-throttling-tier': 'Gold', get: { responses } } } }),
    /at the operations/,
  ],
  [
    'a back end of one operation',
    definitionOf({}, { 'x-wso2-production-endpoints': { urls: ['https://a.example'] } }),
    /an operation has none of its own/,
  ],
] as const)
  test(`${what}: the check says no, the import 400, and for the same reason`, async () => {
    const checked = (await publisher.form('/apis/validate-openapi', [file(definition)])).json();
    assert.equal(checked.isValid, false);
    assert.match(checked.errors.map(({ message }: { message: string }) => message).join('\n'), expected);
    const { status, body } = await importAs('Refused', definition);
    assert.equal(status, 400, body);
    assert.match(JSON.parse(body).description, expected);
  });

for (const [what, security] of [
  ['schemes without scopes, any one of them', [{ oidc: [] }, { bearer: [] }, { basic: [] }, { key: [] }]],
  ['two API keys together', [{ key: [], second: [] }]],
  ['two kinds of tokens, one with scopes', [{ shop: ['sell'], oidc: [] }]],
  ['a certificate in place of a token', [{ certificate: [] }, { shop: ['sell'] }]],
] as const)
  test(`${what}: 201, and a token is asked for`, async () => {
    const { status, body, api } = await importAs('Kept', withSchemes({ security }));
    assert.equal(status, 201, body);
    assert.equal(api.operations[0].authType, 'Any');
    assert.deepEqual(api.operations[0].scopes, JSON.stringify(security).includes('sell') ? ['sell'] : []);
    assert.equal((await publisher.delete(`/apis/${api.id}`)).status, 200);
  });

test('a token is asked for where an operation says security and the document says none for all', async () => {
  const security = { security: [{ shop: ['sell'] }] };
  const { status, body, api } = await importAs('Closed', withSchemes({ 'x-auth-type': 'None' }, security));
  assert.equal(status, 201, body);
  assert.equal(api.operations[0].authType, 'Any');
  assert.equal((await publisher.delete(`/apis/${api.id}`)).status, 200);
});

test('201 for a client certificate that the API asks for too', async () => {
  const more = { securityScheme: ['oauth2', 'mutualssl', 'mutualssl_mandatory', 'oauth_basic_auth_api_key_mandatory'] };
  const definition = withSchemes({ security: [{ certificate: [], shop: ['sell'] }] });
  const { status, body, api } = await importAs('Certified', definition, more);
  assert.equal(status, 201, body);
  assert.equal((await publisher.delete(`/apis/${api.id}`)).status, 200);
});

test('400 for two operations that are the same calls, and one that no call can be, by create, update and import', async () => {
  const form = (operations: Json[]) => ({
    name: 'Same',
    version: '1',
    context: '/same',
    policies: ['Gold'],
    operations,
  });
  const { status, body, json } = await publisher.post('/apis', form([{ target: '/a/{x}', verb: 'GET' }]));
  assert.equal(status, 201, body);
  const given = json();
  for (const [one, other] of [
    ['/a', '/a/'],
    ['/a', '/%61'],
    ['/a', '/a;v=1'],
    ['/a', '//a'],
    ['/é', '/%C3%A9'],
    ['/%c3%a9', '/%C3%A9'],
    ['/{x}/b', '/{y}/b'],
    ['/"', '/%22'],
  ]) {
    const operations = [
      { target: one, verb: 'GET', authType: 'Any' },
      { target: other, verb: 'GET', authType: 'None' },
    ];
    for (const answer of [
      await publisher.post('/apis', form(operations)),
      await publisher.put(`/apis/${given.id}`, { ...given, operations }),
    ]) {
      assert.equal(answer.status, 400, `${one} ${other}\n${answer.body}`);
      assert.match(answer.body, /is there twice/);
    }
  }
  for (const target of ['/a%2Fb', '/.', '/a\\b', '/%00']) {
    const answer = await publisher.put(`/apis/${given.id}`, { ...given, operations: [{ target, verb: 'GET' }] });
    assert.equal(answer.status, 400, `${target}\n${answer.body}`);
    assert.match(answer.body, /no request can have|is no path template/);
  }
  assert.equal((await publisher.delete(`/apis/${given.id}`)).status, 200);
});

for (const [what, api, operation, expected] of [
  ['a mandatory certificate', { 'x-wso2-mutual-ssl': 'mandatory' }, {}, /mutualssl_mandatory/],
  [
    'Basic credentials only',
    { 'x-wso2-application-security': { 'security-types': ['basic_auth'] } },
    {},
    /accepts oauth2 besides/,
  ],
  ['an interceptor', { 'x-wso2-request-interceptor': 'check' }, {}, /may refuse callers/],
  ['a misspelt word', { 'x-wso2-transport': ['https'] }, {}, /expected 'x-wso2-transports'/],
  ['https only', { 'x-wso2-transports': ['https'] }, {}, /the API's transport is http, https/],
  ['to be closed when stale', { 'x-postern-when-stale': 'closed' }, {}, /additionalProperties\.whenStale/],
  ['a text for false', { 'x-wso2-disable-security': true }, { 'x-wso2-disable-security': 'false' }, /without quotes/],
  [
    'roles of OpenID Connect',
    { openapi: '3.1.0', components: { securitySchemes: schemes }, security: [{ oidc: ['sell'] }] },
    {},
    /'oidc' \(openIdConnect\) has scopes/,
  ],
] as const)
  test(`400 for an archive whose definition asks for ${what}, and whose api.yaml does not`, async () => {
    const named = { id: { providerName: 'admin', apiName: 'Archived', version: '1' }, contextTemplate: '/archived' };
    const parts = { api: { ...named, availableTiers: ['Gold'] }, swagger: definitionOf(api, operation) };
    const files = Object.entries(parts).map(([name, value]) => {
      return [`Meta-information/${name}.json`, Buffer.from(JSON.stringify(value))] as const;
    });
    const content = Buffer.from(writeZip(new Map(files)));
    const answer = await importer.form('/import/api', [{ name: 'file', fileName: 'a.zip', content }]);
    assert.equal(answer.status, 400, answer.body);
    assert.match(answer.json().description, expected);
  });

function paths(count: number, operation: (i: number) => Json = () => ({})): Json {
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`/p${i}`, { get: { responses, ...operation(i) } }]),
  );
}

test("the toolkit's words for tier and security count as they do there, and the API says them from then on", async () => {
  const definition = definitionOf({
    'x-wso2-throttling-tier': '10KPerMin',
    'x-wso2-disable-security': true,
    'x-wso2-application-security': { 'security-types': ['basic_auth'] },
    'x-wso2-transports': ['https'],
    'x-wso2-auth-header': 'X-Books',
    'x-wso2-cors': { accessControlAllowOrigins: ['https://shop.example'] },
    paths: {
      '/open': { get: { responses } },
      '/closed': { get: { responses, security: [{ shop: ['sell'] }] } },
      '/off': { get: { responses, security: [{ shop: ['sell'] }], 'x-wso2-disable-security': true } },
      '/on': { get: { responses, 'x-auth-type': 'None', 'x-wso2-disable-security': false } },
      '/kept': { get: { responses, 'x-wso2-disable-security': false } },
      '/tier': { get: { responses, 'x-wso2-throttling-tier': '20KPerMin' } },
      '/both': { get: { responses, 'x-wso2-throttling-tier': 'No', 'x-throttling-tier': '50KPerMin' } },
    },
  });
  const checked = (await publisher.form('/apis/validate-openapi', [file(definition)])).json();
  assert.deepEqual([checked.isValid, checked.errors], [true, []]);
  const { status, body, api } = await importAs('Said', definition);
  assert.equal(status, 201, body);
  assert.deepEqual(
    api.operations.map(({ target, authType, throttlingPolicy }: Record<string, string>) => [
      target,
      authType,
      throttlingPolicy,
    ]),
    [
      ['/open', 'None', 'Unlimited'],
      ['/closed', 'Any', 'Unlimited'],
      ['/off', 'None', 'Unlimited'],
      ['/on', 'Any', 'Unlimited'],
      ['/kept', 'Any', 'Unlimited'],
      ['/tier', 'None', '20KPerMin'],
      ['/both', 'None', '50KPerMin'],
    ],
  );
  assert.equal(api.apiThrottlingPolicy, '10KPerMin');
  assert.deepEqual(api.securityScheme, ['basic_auth', 'oauth_basic_auth_api_key_mandatory']);
  assert.deepEqual(api.transport, ['https']);
  assert.equal(api.authorizationHeader, 'X-Books');
  assert.deepEqual(api.corsConfiguration.accessControlAllowOrigins, ['https://shop.example']);
  const kept = await publisher.get(`/apis/${api.id}/swagger`);
  assert.doesNotMatch(kept.body, /x-wso2-(disable|throttling|application|transports)/);
  const again = await publisher.form(`/apis/${api.id}/swagger`, [file(kept.json())], 'PUT');
  assert.equal(again.status, 200, again.body);
  assert.deepEqual((await publisher.get(`/apis/${api.id}`)).json().operations, api.operations);
  assert.equal((await publisher.delete(`/apis/${api.id}`)).status, 200);
});

test('400 for a definition that asks for more than the form or the API does', async () => {
  const strict = definitionOf({ 'x-wso2-application-security': { 'security-types': ['basic_auth'] } });
  const { status, body } = await importAs('Open', strict, { securityScheme: ['oauth2', 'basic_auth'] });
  assert.equal(status, 400);
  assert.match(body, /accepts oauth2 besides/);
  const { api } = await importAs('Open', definitionOf({}));
  const certificate = definitionOf({ 'x-wso2-mutual-ssl': 'mandatory' });
  const put = await publisher.form(`/apis/${api.id}/swagger`, [file(certificate)], 'PUT');
  assert.equal(put.status, 400);
  assert.match(put.body, /mutualssl_mandatory/);
  assert.equal((await publisher.delete(`/apis/${api.id}`)).status, 200);
  const mandatory = await importAs('Certified', certificate);
  assert.equal(mandatory.status, 201, mandatory.body);
  assert.deepEqual(mandatory.api.securityScheme.slice(-2), ['mutualssl', 'mutualssl_mandatory']);
  assert.equal((await publisher.delete(`/apis/${mandatory.api.id}`)).status, 200);
});

test('503 with Retry-After, not isValid: false, when one user has too many definitions read at once', async () => {
  const large = { name: 'file', content: JSON.stringify(definitionOf({ paths: paths(800) })), fileName: 'a.json' };
  // All are large: however slowly they arrive, reading them is slower.
  const answers = await Promise.all(
    Array.from({ length: 14 }, () => publisher.form('/apis/validate-openapi', [large])),
  );
  const refused = answers.filter(({ status }) => status === 503);
  assert.ok(refused.length > 0 && refused.length <= 3, `${refused.length}`);
  for (const { headers, body } of refused) {
    assert.equal(headers['retry-after'], '5');
    assert.match(body, /definitions of yours are waiting to be read already/);
  }
  for (const answer of answers) if (!refused.includes(answer)) assert.equal(answer.json().isValid, true, answer.body);
});

test('5,000 operations are imported in seconds, and 5,001 refused where the definition is replaced', async () => {
  const started = performance.now();
  const { status, body, api } = await importAs('Large', definitionOf({ paths: paths(5000) }));
  assert.equal(status, 201, body);
  const took = performance.now() - started;
  assert.ok(took < 10_000, `${took} ms`);
  const put = await publisher.form(`/apis/${api.id}/swagger`, [file(definitionOf({ paths: paths(5001) }))], 'PUT');
  assert.equal(put.status, 400);
  assert.match(put.body, /5001 operations; expected at most 5000/);
  assert.equal((await publisher.delete(`/apis/${api.id}`)).status, 200);
});

test('400 that names the option for a definition or an endpoint in a private network, where that is denied', async () => {
  for (const url of [`${postern.server}/health`, 'http://169.254.169.254/latest', 'http://[::ffff:10.0.0.1]/']) {
    const said = [{ name: 'url', content: url }];
    const imported = await publisher.form('/apis/import-openapi', said);
    assert.equal(imported.status, 400);
    assert.match(imported.body, /private network; the option is controlPlane\.privateAddresses/);
    const checked = (await publisher.form('/apis/validate-openapi', said)).json();
    assert.match(checked.errors[0].message, /the option is controlPlane\.privateAddresses/);
    const query = new URLSearchParams({ endpointUrl: url });
    const probed = (await publisher.post(`/apis/validate-endpoint?${query}`)).json();
    assert.equal(probed.statusCode, 0);
    assert.match(probed.error, /the option is controlPlane\.privateAddresses/);
  }
});
