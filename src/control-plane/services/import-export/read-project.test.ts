import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse, stringify } from 'yaml';
import { RestError } from '../../../platform/rest-error.ts';
import type { Files } from '../../../platform/zip.ts';
import { readApplication } from './application-file.ts';
import { projectFiles } from './project-files.ts';
import { readProject } from './read-project.ts';

const definition = {
  openapi: '3.0.1',
  info: { title: 'Orders', version: '1.10' },
  paths: {
    '/orders/{id}': {
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
      get: { responses: { '200': { description: 'OK' } }, 'x-auth-type': 'None', 'x-throttling-tier': '10KPerMin' },
    },
  },
};

/** As the original's exports write it, with some of its inner state. */
const original = `id:
  providerName: jane-AT-other.org
  apiName: Orders
  version: 1.10
uuid: 8a5b
context: /orders/1.10
tags: [a, b]
availableTiers:
- name: Gold
  displayName: Gold
status: PUBLISHED
visibility: restricted
visibleRoles: Internal/subscriber, admin
transports: https
responseCache: Enabled
cacheTimeout: 300
productionMaxTps: '50'
technicalOwner: Jane
apiHeaderChanged: false
endpointConfig: '{"production_endpoints":{"url":"https://orders.example"},"endpoint_type":"http"}'
scopes:
- key: orders_read
  name: Read
  roles: admin
`;

const files = (given: Record<string, string>): Files =>
  new Map(Object.entries(given).map(([name, text]) => [name, Buffer.from(text)]));

const project = (api: string, more: Record<string, string> = {}): Files =>
  files({
    'Orders-1.10/Meta-information/api.yaml': api,
    'Orders-1.10/Meta-information/swagger.json': JSON.stringify(definition),
    ...more,
  });

test('an API that the original exported is read: names, context without version, tiers, roles, addresses', async () => {
  const { project: read, warnings } = await readProject(project(original));
  const { api } = read;
  assert.equal(api.version, '1.10');
  assert.equal(api.provider, 'jane@other.org');
  assert.equal(api.context, '/orders');
  assert.equal(api.status, 'PUBLISHED');
  assert.deepEqual(api.policies, ['Gold']);
  assert.deepEqual(api.visibleRoles, ['Internal/subscriber', 'admin']);
  assert.deepEqual(api.transports, ['https']);
  assert.deepEqual(api.more, {
    responseCachingEnabled: true,
    cacheTimeout: 300,
    maxTps: { production: 50 },
    businessInformation: { technicalOwner: 'Jane' },
  });
  assert.deepEqual(api.operations, [
    { target: '/orders/{id}', verb: 'GET', authType: 'None', throttlingPolicy: '10KPerMin', scopes: [] },
  ]);
  assert.deepEqual(api.endpointConfig?.production_endpoints, { url: 'https://orders.example' });
  assert.deepEqual(
    api.scopes.map(({ name, roles }) => [name, roles]),
    [['orders_read', ['admin']]],
  );
  assert.equal(read.documents, null);
  assert.deepEqual(warnings, []);
});

test('what is written is read again, in YAML and in JSON', async () => {
  const { project: read } = await readProject(project(original));
  const document = {
    ...{ type: 'HOWTO', summary: '', sourceUrl: '', otherTypeName: '', visibility: 'API_LEVEL' as const },
  };
  const whole = {
    ...read,
    documents: [
      {
        ...document,
        name: '../a/b',
        sourceType: 'INLINE' as const,
        fileName: '',
        mediaType: '',
        content: Buffer.from('Ü'),
      },
      {
        ...{ ...document, name: 'con', sourceType: 'FILE' as const, fileName: 'x y.pdf', mediaType: 'application/pdf' },
        content: Buffer.from([0, 255, 1]),
      },
      { ...document, name: 'empty', sourceType: 'MARKDOWN' as const, fileName: '', mediaType: '', content: null },
    ],
    thumbnail: { type: 'image/png', bytes: Buffer.from('\x89PNG\r\n\x1a\n', 'latin1') },
    clientCertificates: [],
    endpointCertificates: [],
  };
  for (const format of ['yaml', 'json'] as const) {
    const written = projectFiles(whole, { format, preserveStatus: true });
    for (const name of written.keys()) assert.doesNotMatch(name, /\.\.|^con|\/con\b/);
    assert.deepEqual((await readProject(written)).project, whole, format);
  }
});

test('without its status, a project says nothing of it', async () => {
  const { project: read } = await readProject(project(original));
  const written = projectFiles(read, { format: 'yaml', preserveStatus: false });
  assert.equal((await readProject(written)).project.api.status, null);
});

test('400 that names a misspelt key with its line and the right one, and every other mistake', async () => {
  const text = `${original}visiblity: public\nisDefaultVersion: perhaps\n`;
  await assert.rejects(readProject(project(text)), (error: RestError) => {
    assert.equal(error.status, 400);
    assert.match(error.message, /api\.yaml:25: unknown key visiblity; did you mean visibility\?/);
    assert.match(error.message, /api\.yaml:26: \/isDefaultVersion: expected true or false/);
    return true;
  });
  await assert.rejects(readProject(files({ 'a.txt': '' })), /no Meta-information\/api\.yaml/);
});

test('a project without operations is refused by the file that has none, with what is odd there', async () => {
  const name = 'Orders-1.10/Meta-information/api.yaml';
  await assert.rejects(readProject(files({ [name]: original })), /Meta-information\/swagger\.yaml is missing/);
  const paths = { '/orders': { gte: { responses: { '200': { description: 'OK' } } } } };
  const swagger = JSON.stringify({ ...definition, paths }, null, 2);
  await assert.rejects(
    readProject(files({ [name]: original, 'Orders-1.10/Meta-information/swagger.json': swagger })),
    /swagger\.json: there are no operations; .*swagger\.json:\d+: .*'gte'/,
  );
});

test('400 for an API’s project in the place of an application’s', () => {
  assert.throws(() => readApplication(project(original)), /This is an API's project/);
});

test('a key of the original that means nothing here is a warning', async () => {
  const { warnings } = await readProject(project(`${original}someInnerThingOfLater: 1\n`));
  assert.deepEqual(warnings, ['Meta-information/api.yaml:25: someInnerThingOfLater has no meaning here']);
});

test('mediation is refused, as without it more would pass than was meant to', async () => {
  const sequence = { 'Orders-1.10/Sequences/in-sequence/stop.xml': '<sequence/>' };
  await assert.rejects(readProject(project(original, sequence)), /Sequences\/: mediation and SOAP are not built yet/);
  await assert.rejects(
    readProject(project(`${original}inSequence: stop\n`)),
    /:25: inSequence: mediation is not built/,
  );
});

test('a document whose content is missing is refused', async () => {
  const docs = stringify([{ name: 'How', sourceType: 'INLINE', filePath: 'How' }]);
  await assert.rejects(
    readProject(project(original, { 'Orders-1.10/Docs/docs.yaml': docs })),
    /InlineContents\/How is missing/,
  );
});

test('a document elsewhere has an address that headers can say, and every document a name without hidden characters', async () => {
  const elsewhere = (sourceUrl: string, name = 'How') =>
    readProject(
      project(original, { 'Orders-1.10/Docs/docs.yaml': stringify([{ name, sourceType: 'URL', sourceUrl }]) }),
    );
  const { project: read } = await elsewhere('http://x/日本\r\na: b');
  assert.deepEqual(
    read.documents?.map(({ sourceUrl }) => sourceUrl),
    ['http://x/%E6%97%A5%E6%9C%ACa:%20b'],
  );
  for (const url of ['javascript:alert(1)', '/a', ''])
    await assert.rejects(elsewhere(url), /sourceUrl: expected an http/);
  await assert.rejects(elsewhere('http://x', 'a\u202eb'), /\/0\/name: expected no control characters/);
});

test('500 mutated projects are read or refused with 400', async () => {
  let seed = 1;
  const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
  const values = [null, [], {}, '', 'x', -1, 1e30, true, [null], { name: null }, '\u0000', '$X'];
  let refused = 0;
  for (let i = 0; i < 500; i++) {
    const api = parse(original) as Record<string, unknown>;
    const docs = [{ name: 'a', sourceType: 'FILE', filePath: 'a' }] as unknown[];
    const keys = Object.keys(api);
    api[keys[random(keys.length)] as string] = values[random(values.length)];
    if (random(3) === 0) docs[0] = values[random(values.length)];
    let text = stringify(api);
    if (random(2) === 0) {
      const at = random(text.length);
      text = text.slice(0, at) + (':\n -{[&*"\t'[random(9)] ?? '') + text.slice(at + random(3));
    }
    try {
      await readProject(
        project(text, { 'Orders-1.10/Docs/docs.json': JSON.stringify(docs), 'Orders-1.10/Docs/FileContents/a': '' }),
      );
    } catch (error) {
      assert.ok(error instanceof RestError && error.status === 400, `${error}\n${text}`);
      refused += 1;
    }
  }
  assert.ok(refused > 50 && refused < 500, String(refused));
});
