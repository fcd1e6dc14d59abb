/** What one control plane exports, another imports: the same state, in one step, twice without a change. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { generateKey, issueCertificate } from '../../src/platform/x509.ts';
import { writeZip } from '../../src/platform/zip.ts';
import { type Backend, startBackend } from '../support/backend.ts';
import { basic, call, closeConnections, postForm } from '../support/call.ts';
import { commandLine } from '../support/command-line.ts';
import { newDataFolder, type Postern, startPostern } from '../support/postern.ts';
import { logIn, type RestClient, restClient } from '../support/rest.ts';
import { openTestStore } from '../support/store.ts';

let backend: Backend;
/** The one that exports, and the one that imports. */
let dev: Postern;
let prod: Postern;
let folder: string;
let publisher: RestClient;
let apiId: string;

const scopes = ['apim:api_view', 'apim:api_create', 'apim:api_publish', 'apim:shared_scope_manage'];
const field = (name: string, content: string) => ({ name, content });

before(async () => {
  folder = newDataFolder();
  [backend, dev, prod] = await Promise.all([
    startBackend(),
    startPostern({ args: ['--gateway.threads=1'] }),
    startPostern({ args: ['--gateway.threads=1'] }),
  ]);
  for (const [name, { server, data }] of Object.entries({ dev, prod })) {
    await ok('env', 'add', name, '--url', server, '--ca', join(data, 'certificates', 'ca.pem'));
    await ok('login', name, '-u', 'admin', '-p', 'admin');
  }
  publisher = restClient(`${dev.server}/api/am/publisher/v1`, await logIn(dev.server, { scopes }));
  await makeApi();
});
after(async () => {
  closeConnections();
  await Promise.all([dev?.stop(), prod?.stop(), backend?.close()]);
  rmSync(folder, { recursive: true, force: true });
});

const env = { ENDPOINT: '', BACKEND_PASSWORD: 'of the back end' };
const { ok, fails } = commandLine(() => ({
  ...env,
  POSTERN_HOME: join(folder, 'home'),
  ENDPOINT: backend?.url ?? '',
}));

/** Everything that an API can have. */
async function makeApi(): Promise<void> {
  const shared = { name: 'shared_by_all', displayName: 'Shared', description: 'For several', bindings: ['admin'] };
  done(await publisher.post('/scopes', shared), 201);
  const made = await publisher.post('/apis', {
    name: 'Orders',
    context: '/orders',
    version: '1.10',
    description: 'Many things: to be kept.\nAlso on a second line',
    tags: ['b', 'a'],
    policies: ['Gold', 'Unlimited'],
    visibility: 'RESTRICTED',
    visibleRoles: ['Internal/subscriber'],
    isDefaultVersion: true,
    securityScheme: ['oauth2', 'mutualssl', 'oauth_basic_auth_api_key_mandatory'],
    authorizationHeader: 'X-Auth',
    endpointConfig: {
      endpoint_type: 'http',
      production_endpoints: { url: 'https://localhost:8443/orders', config: { actionDuration: 30000 } },
    },
    endpointSecurity: { type: 'BASIC', username: 'caller', password: 'of the back end' },
    businessInformation: { technicalOwner: 'Jane', technicalOwnerEmail: 'jane@example.org' },
    additionalProperties: { team: 'blue' },
    scopes: [{ scope: { name: 'orders_read', displayName: 'Read', description: 'Reads orders', bindings: ['admin'] } }],
    operations: [
      { target: '/list', verb: 'GET', authType: 'Application', throttlingPolicy: '10KPerMin', scopes: ['orders_read'] },
      { target: '/list/{id}', verb: 'PUT', scopes: ['shared_by_all'] },
      { target: '/free', verb: 'GET', authType: 'None' },
    ],
  });
  apiId = done(made, 201).json().id;
  const document = {
    name: 'How to/order',
    type: 'HOWTO',
    summary: 's',
    sourceType: 'MARKDOWN',
    visibility: 'API_LEVEL',
  };
  done(await publisher.post(`/apis/${apiId}/documents`, { ...document, inlineContent: '# Ü\n' }), 201);
  const elsewhere = { ...document, name: 'Elsewhere', sourceType: 'URL', sourceUrl: 'https://example.org/x' };
  done(await publisher.post(`/apis/${apiId}/documents`, elsewhere), 201);
  const file = done(
    await publisher.post(`/apis/${apiId}/documents`, { ...document, name: 'A file', sourceType: 'FILE' }),
    201,
  );
  const content = {
    name: 'file',
    content: Buffer.from([0, 1, 255, 254]),
    fileName: 'order form.pdf',
    type: 'application/pdf',
  };
  done(await publisher.form(`/apis/${apiId}/documents/${file.json().documentId}/content`, [content]), 200, 201);
  const picture = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.from([1, 2, 3, 200])]);
  const thumbnail = { name: 'file', content: picture, fileName: 'a.png', type: 'image/png' };
  done(await publisher.form(`/apis/${apiId}/thumbnail`, [thumbnail], 'PUT'), 200);
  const upload = (pem: string) => ({ name: 'certificate', content: pem, fileName: 'c.crt' });
  const client = [upload(await certificate('client')), field('alias', 'client-1'), field('tier', 'Gold')];
  done(await publisher.form(`/apis/${apiId}/client-certificates`, client), 200);
  const server = [
    upload(await certificate('localhost')),
    field('alias', 'back-1'),
    field('endpoint', 'https://localhost:8443/orders'),
  ];
  done(await publisher.form('/endpoint-certificates', server), 200);
  done(await publisher.post(`/apis/change-lifecycle?apiId=${apiId}&action=Publish`), 200);
}

function done<T extends { status: number; body: string }>(answer: T, ...statuses: number[]): T {
  assert.ok(statuses.includes(answer.status), `${answer.status} ${answer.body}`);
  return answer;
}

async function certificate(commonName: string): Promise<string> {
  const key = generateKey();
  const subject = { commonName, organization: 'Test' };
  return issueCertificate({
    ...{ subject, publicKey: key.publicKey, issuer: subject, issuerKey: key, purpose: 'server', hosts: ['localhost'] },
    notBefore: new Date(Date.now() - 86_400_000),
    notAfter: new Date(Date.now() + 86_400_000),
  });
}

/** Files of a folder by path. */
function contents(path: string): Record<string, string> {
  const entries = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    entries
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((file) => [file.slice(path.length + 1), readFileSync(file, 'base64')]),
  );
}

/** Number of the last change that gateways were told of. */
async function head({ data }: Postern): Promise<number> {
  const store = await openTestStore(data);
  try {
    return (await store.changes.head()).number;
  } finally {
    await store.close();
  }
}

const project = (name: string): string => join(folder, name);

function changeApiYaml(path: string, change: (api: Record<string, unknown>) => void): void {
  const file = join(path, 'Meta-information', 'api.yaml');
  const api = parse(readFileSync(file, 'utf8'));
  change(api);
  writeFileSync(file, stringify(api));
}

const params = `environments:
- name: prod
  security: {enabled: true, type: basic, username: caller, password: $BACKEND_PASSWORD}
`;

test('an API with documents, picture, certificates and state arrives as it was', async () => {
  await ok('export', 'api', '-n', 'Orders', '-v', '1.10', '-e', 'dev', '--to', project('orders'));
  const text = Object.values(contents(project('orders'))).map((one) => Buffer.from(one, 'base64').toString());
  assert.ok(!text.some((one) => one.includes('of the back end')), 'the password is not exported');
  assert.match(
    await fails(1, 'import', 'api', '-f', project('orders'), '-e', 'prod'),
    /password for caller is not in the project/,
  );
  writeFileSync(join(project('orders'), 'api_params.yaml'), params);
  const { err } = await ok('import', 'api', '-f', project('orders'), '-e', 'prod');
  assert.match(err, /Orders 1\.10: created in prod/);
  await ok('export', 'api', '-n', 'Orders', '-v', '1.10', '-e', 'prod', '--to', project('back'));
  writeFileSync(join(project('back'), 'api_params.yaml'), params);
  assert.deepEqual(contents(project('back')), contents(project('orders')));
});

test('a second import changes nothing, and gives no number to a change', async () => {
  const before = await head(prod);
  const { err, out } = await ok('import', 'api', '-f', project('orders'), '-e', 'prod', '--update');
  assert.match(err, /Orders 1\.10: unchanged in prod/);
  assert.equal(out, '');
  assert.equal(await head(prod), before);
});

test('an API that is there is changed only with --update', async () => {
  assert.match(
    await fails(1, 'import', 'api', '-f', project('orders'), '-e', 'prod'),
    /Orders 1\.10 already; .*--update/,
  );
});

test('a dry run shows every field that would change, and changes nothing', async () => {
  changeApiYaml(project('orders'), (api) => {
    api.description = 'New';
    api.tags = ['a'];
    api.endpointConfig = JSON.stringify({ endpoint_type: 'http', production_endpoints: { url: 'http://elsewhere' } });
  });
  writeFileSync(join(project('orders'), 'Docs', 'InlineContents', 'How to%2Forder'), 'changed');
  const before = await head(prod);
  const args = ['import', 'api', '-f', project('orders'), '-e', 'prod', '--update'];
  const { out } = await ok(...args, '--dry-run');
  assert.match(out, /^~ description: .* -> New$/m);
  assert.match(out, /^~ tags: \["a","b"\] -> \["a"\]$/m);
  assert.match(out, /^~ documents\.How to\/order\.content: 5 bytes, sha256 \w+ -> 7 bytes/m);
  assert.match(out, /^~ endpointConfig: /m);
  assert.equal(out.split('\n').length, 5, out);
  assert.equal(await head(prod), before);
  const { changes, outcome } = JSON.parse((await ok(...args, '--dry-run', '--output', 'json')).out);
  assert.equal(outcome, 'updated');
  assert.deepEqual(
    changes.map((change: { field: string }) => change.field),
    ['description', 'documents.How to/order.content', 'endpointConfig', 'tags'],
  );
  await ok(...args);
  assert.match((await ok(...args)).err, /unchanged/);
  assert.ok((await head(prod)) > before);
});

test('another password for the back end is a change, and is shown nowhere', async () => {
  writeFileSync(join(project('orders'), 'api_params.yaml'), params.replace('$BACKEND_PASSWORD', 'another-one'));
  const args = ['import', 'api', '-f', project('orders'), '-e', 'prod', '--update'];
  const { out, err } = await ok(...args);
  assert.equal(out, '~ endpointSecurity.password: (a secret) -> (another secret)\n');
  assert.doesNotMatch(err, /another-one/);
  assert.match((await ok(...args)).err, /unchanged/);
  rmSync(join(project('orders'), 'api_params.yaml'));
  assert.match((await ok(...args)).err, /unchanged/);
});

test('an import is whole or not at all', async () => {
  const path = project('broken');
  await ok('export', 'api', '-n', 'Orders', '-v', '1.10', '-e', 'dev', '--to', path);
  const file = join(path, 'Meta-information', 'client_certificates.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('Gold', 'NoSuchTier'));
  changeApiYaml(path, (api) => void (api.description = 'Half'));
  const before = await head(prod);
  const args = ['import', 'api', '-f', path, '-e', 'prod', '--update'];
  // The addresses are those of the other one, and not those that the password was given for.
  assert.match(await fails(1, ...args), /password was not given for .*security\.password in api_params\.yaml/);
  writeFileSync(join(path, 'api_params.yaml'), params);
  assert.match(await fails(1, ...args), /no subscription policy NoSuchTier/);
  assert.equal(await head(prod), before);
  await ok('export', 'api', '-n', 'Orders', '-v', '1.10', '-e', 'prod', '--to', project('after'));
  assert.doesNotMatch(readFileSync(join(project('after'), 'Meta-information', 'api.yaml'), 'utf8'), /Half/);
});

test('api_params.yaml gives each environment its addresses; an unset variable and a misspelt key are named', async () => {
  const path = project('pizza');
  await ok('export', 'api', '-n', 'PizzaShackAPI', '-v', '1.0.0', '-e', 'dev', '--to', path);
  assert.match(
    (await ok('import', 'api', '-f', path, '-e', 'dev', '--update')).err,
    /PizzaShackAPI 1\.0\.0: unchanged in dev/,
  );
  changeApiYaml(path, (api) => {
    api.id = { providerName: 'admin', apiName: 'Other', version: '1.0.0' };
    api.contextTemplate = '/other/{version}';
    delete api.scopes;
  });
  const swagger = join(path, 'Meta-information', 'swagger.yaml');
  const definition = parse(readFileSync(swagger, 'utf8'));
  definition.components.securitySchemes.default.flows.implicit.scopes = {};
  for (const item of Object.values(definition.paths) as Record<string, { security: unknown }>[]) {
    for (const operation of Object.values(item)) operation.security = [];
  }
  writeFileSync(swagger, stringify(definition));
  const file = join(path, 'api_params.yaml');
  const args = ['import', 'api', '-f', path, '-e', 'prod'];
  writeFileSync(file, 'environments:\n- name: prod\n  endpoints:\n    production: {url: $NOT_SET_HERE}\n');
  assert.match(await fails(2, ...args), /api_params\.yaml:4: .*the variable NOT_SET_HERE is not set/);
  writeFileSync(file, 'environments:\n- name: prod\n  endpoint: {}\n');
  assert.match(await fails(2, ...args), /api_params\.yaml:3: .*unknown key endpoint; did you mean endpoints\?/);
  writeFileSync(file, 'environments:\n- name: prod\n  endpoints:\n    production: {url: $ENDPOINT}\n');
  assert.match((await ok(...args)).out, new RegExp(`endpointConfig: .*${backend.url}`));
  const { out } = await ok('keys', '-n', 'Other', '-v', '1.0.0', '-e', 'prod');
  const headers = { authorization: `Bearer ${out.trim()}` };
  const answer = await call(`${prod.http}/other/1.0.0/menu`, { headers });
  assert.equal(answer.status, 200, answer.body);
  assert.equal(answer.json().url, '/menu', answer.body);
});

test('a state in the life cycle is reached by a step, or refused; without status it stays', async () => {
  const path = project('pizza');
  const args = ['import', 'api', '-f', path, '-e', 'prod', '--update'];
  changeApiYaml(path, (api) => void (api.status = 'BLOCKED'));
  assert.match((await ok(...args)).out, /~ status: PUBLISHED -> BLOCKED/);
  const { out } = await ok('keys', '-n', 'PizzaShackAPI', '-v', '1.0.0', '-e', 'prod');
  const headers = { authorization: `Bearer ${out.trim()}` };
  assert.equal((await call(`${prod.http}/other/1.0.0/menu`, { headers })).status, 503);
  changeApiYaml(path, (api) => void (api.status = 'CREATED'));
  assert.match(await fails(1, ...args), /is BLOCKED and can't become CREATED; possible: PUBLISHED, DEPRECATED/);
  changeApiYaml(path, (api) => void delete api.status);
  assert.match((await ok(...args)).err, /unchanged/);
});

test('an application arrives with its subscriptions and keys; the same key and secret get a token', async () => {
  await ok('export', 'app', '-n', 'PizzaShackApplication', '-e', 'dev', '--with-keys', '--to', project('app'));
  const file = join(project('app'), 'PizzaShackApplication.json');
  const app = JSON.parse(readFileSync(file, 'utf8'));
  app.name = 'Imported';
  writeFileSync(file, JSON.stringify(app));
  const args = ['import', 'app', '-f', project('app'), '-e', 'prod'];
  const before = await head(prod);
  assert.match((await ok(...args, '--dry-run')).out, /^\+ keys\.ours\.PRODUCTION: /m);
  assert.equal(await head(prod), before);
  const { out } = await ok(...args);
  assert.doesNotMatch(out, new RegExp(dev.secret));
  const grant = { grant_type: 'client_credentials' };
  const token = await postForm(`${prod.server}/oauth2/token`, grant, basic(dev.key, dev.secret));
  assert.equal(token.status, 200, token.body);
  const headers = { authorization: `Bearer ${token.json().access_token}` };
  assert.equal((await call(`${prod.http}/pizzashack/1.0.0/menu`, { headers })).status, 200);
  assert.match(await fails(1, ...args), /has an application Imported already/);
  const there = await head(prod);
  assert.match((await ok(...args, '--update')).err, /Imported: unchanged in prod/);
  assert.equal(await head(prod), there);
});

test('an application that WSO2 API Manager 3.2 exported arrives with its keys; the decoded secret gets a token', async () => {
  const path = project('original');
  mkdirSync(path);
  const oauthApp = (clientId: string, secret: string, grants: string) => ({
    clientId,
    clientSecret: Buffer.from(secret).toString('base64'),
    parameters: { grant_types: grants },
  });
  const write = (others: object) => {
    const ours = { 'Resident Key Manager': oauthApp('of-the-original', 'its-secret', 'client_credentials') };
    const app = {
      name: 'Original',
      tier: 'Unlimited',
      keys: [],
      keyManagerWiseOAuthApp: { SANDBOX: { ...ours, ...others } },
    };
    writeFileSync(join(path, 'Original.json'), JSON.stringify(app));
  };
  const args = ['import', 'app', '-f', path, '-e', 'prod'];
  write({ Okta: oauthApp('of-okta', 'unused', '') });
  assert.match(await fails(1, ...args), /there is no key manager "Okta" in use/);
  assert.match((await ok(...args, '--skip-keys', '--dry-run')).err, /would be created/);
  write({});
  assert.match((await ok(...args)).out, /^\+ keys\.ours\.SANDBOX: /m);
  const grant = { grant_type: 'client_credentials' };
  const token = await postForm(`${prod.server}/oauth2/token`, grant, basic('of-the-original', 'its-secret'));
  assert.equal(token.status, 200, token.body);
  assert.match((await ok(...args, '--update')).err, /Original: unchanged in prod/);
});

test('an application without its keys, and with APIs that are not there: those are named', async () => {
  const path = project('bare');
  mkdirSync(path);
  const subscription = (apiName: string) => ({
    apiIdentifier: { providerName: 'admin', apiName, version: '1.0.0' },
    tier: { name: 'Gold' },
  });
  const app = {
    name: 'Bare',
    owner: 'nobody',
    tier: 'Unlimited',
    subscribedAPIs: ['PizzaShackAPI', 'Gone'].map(subscription),
  };
  writeFileSync(join(path, 'Bare.json'), JSON.stringify(app));
  const args = ['import', 'app', '-f', path, '-e', 'prod'];
  assert.match(await fails(1, ...args, '--preserve-owner'), /owner nobody@carbon\.super is no user here/);
  assert.match((await ok(...args)).err, /not subscribed, .*: Gone 1\.0\.0/);
  const list = JSON.parse((await ok('get', 'apps', '-e', 'prod', '-q', 'Bare', '--output', 'json')).out);
  assert.equal(list[0].subscriptionCount, 1);
});

test('401, 403 and 400 of the export and import operations', async () => {
  const admin = `${prod.server}/api/am/admin/v1`;
  const query = '/export/api?name=Orders&version=1.10';
  assert.equal((await restClient(admin).get(query)).status, 401);
  const weak = restClient(admin, await logIn(prod.server, { scopes: ['apim:api_view'] }));
  assert.equal((await weak.get(query)).status, 403);
  const strong = restClient(admin, await logIn(prod.server, { scopes: ['apim:api_import_export'] }));
  assert.equal((await strong.get(query)).headers['content-type'], 'application/zip');
  const upload = (content: Buffer) => strong.form('/import/api', [{ name: 'file', content, fileName: 'a.zip' }]);
  assert.match((await upload(Buffer.from('no zip'))).json().description, /file: it is no ZIP archive/);
  const bomb = Buffer.from(writeZip(new Map([['Meta-information/api.yaml', Buffer.alloc(80 << 20)]])));
  assert.match((await upload(bomb)).json().description, /larger than/);
  const publisherOfProd = restClient(`${prod.server}/api/am/publisher/v1`, await logIn(prod.server, { scopes }));
  assert.equal((await publisherOfProd.get('/apis/export?name=Orders&version=1.10')).status, 200);
  assert.equal((await publisherOfProd.get('/apis/export?name=Orders')).status, 400);
  assert.equal((await publisherOfProd.get('/apis/export?name=No&version=1')).status, 404);
});

test('exports and imports are in the audit log', async () => {
  const store = await openTestStore(prod.data);
  try {
    const rows = await store.db.selectFrom('audit_log').select(['action', 'kind', 'name']).execute();
    const has = (action: string, name: string) => rows.some((row) => row.action === action && row.name === name);
    assert.ok(has('create', 'Orders 1.10') && has('update', 'Orders 1.10') && has('export', 'Orders 1.10'));
    assert.ok(has('create', 'Imported') && has('import-key', 'Imported'));
  } finally {
    await store.close();
  }
});
