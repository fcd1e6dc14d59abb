import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOpenApi } from './read-open-api.ts';

const head = { openapi: '3.0.3', info: { title: 'Library', version: '2.1.0' } };
const ok = { responses: { 200: { description: 'OK' } } };

async function read(definition: unknown) {
  const text = typeof definition === 'string' ? definition : JSON.stringify(definition);
  return readOpenApi(text, 'library.yaml');
}

async function errorsOf(definition: unknown): Promise<string[]> {
  const { document, problems } = await read(definition);
  const errors = problems.filter(({ severity }) => severity === 'error');
  assert.equal(document === null, errors.length > 0, 'there is a document unless there is an error');
  return errors.map(({ place, message }) => `${place}: ${message}`);
}

test('an OpenAPI 3 definition: operations with security, schemes, servers with their variables', async () => {
  const { document, problems } = await read({
    ...head,
    servers: [
      { url: 'https://{region}.books.example/v2/', variables: { region: { default: 'eu' } } },
      { url: 'https://{other}.books.example' },
    ],
    security: [{ reader: ['read'] }],
    paths: {
      '/books/{id}': {
        parameters: [{ $ref: '#/components/parameters/id' }],
        get: ok,
        put: { ...ok, security: [{ key: [] }, { basic: [] }] },
      },
      '/same': { $ref: '#/paths/~1books~1{id}' },
    },
    components: {
      parameters: { id: { name: 'id', in: 'path', required: true, schema: { type: 'string' } } },
      securitySchemes: {
        reader: {
          type: 'oauth2',
          flows: {
            implicit: {
              authorizationUrl: 'https://login.example/',
              scopes: { read: 'Read books' },
              'x-scopes-bindings': { read: 'reader, Internal/subscriber' },
            },
          },
        },
        key: { type: 'apiKey', in: 'query', name: 'k' },
        basic: { type: 'http', scheme: 'Basic' },
      },
    },
  });
  assert.ok(document);
  assert.deepEqual(document.servers, ['https://eu.books.example/v2']);
  assert.equal(document.basePath, '/v2');
  assert.deepEqual(
    document.operations.map(({ verb, path, security }) => ({ verb, path, security })),
    [
      { verb: 'GET', path: '/books/{id}', security: [{ reader: ['read'] }] },
      { verb: 'PUT', path: '/books/{id}', security: [{ key: [] }, { basic: [] }] },
      { verb: 'GET', path: '/same', security: [{ reader: ['read'] }] },
      { verb: 'PUT', path: '/same', security: [{ key: [] }, { basic: [] }] },
    ],
  );
  assert.equal(document.operations[0]?.pointer, '/paths/~1books~1{id}/get');
  assert.deepEqual(
    (document.operations[0]?.raw.parameters as { name: string }[] | undefined)?.map(({ name }) => name),
    ['id'],
  );
  assert.deepEqual(document.securitySchemes, [
    {
      name: 'reader',
      type: 'oauth2',
      scopes: [{ name: 'read', description: 'Read books', roles: ['reader', 'Internal/subscriber'] }],
    },
    { name: 'key', type: 'apiKey', in: 'query', parameter: 'k', scopes: [] },
    { name: 'basic', type: 'http', scheme: 'basic', scopes: [] },
  ]);
  assert.deepEqual(
    problems.map(({ severity, place }) => [severity, place]),
    [['warning', '/servers/1']],
  );
});

test('an OpenAPI 2 definition: host, basePath, schemes and securityDefinitions; a version without quotes as written', async () => {
  const { document, problems } = await read(`
swagger: '2.0'
info:
  title: Library
  version: 1.10
host: books.example:8443
basePath: /v2/
schemes: [http, https]
paths:
  /books:
    get:
      security: [{login: []}]
      responses: {200: {description: OK}}
securityDefinitions:
  login: {type: basic}
`);
  assert.ok(document);
  assert.equal(document.version, '1.10');
  assert.deepEqual(document.servers, ['https://books.example:8443/v2']);
  assert.deepEqual(document.securitySchemes, [{ name: 'login', type: 'http', scheme: 'basic', scopes: [] }]);
  assert.deepEqual(
    problems.map(({ severity, line, column, place }) => ({ severity, line, column, place })),
    [{ severity: 'warning', line: 5, column: 3, place: '/info/version' }],
  );
});

test('an OpenAPI 3.1 definition with the schemas of JSON Schema 2020-12 has no problem', async () => {
  const schema = { type: ['string', 'null'], const: 'x' };
  const { problems } = await read({
    ...head,
    openapi: '3.1.0',
    paths: { '/a': { get: { ...ok, parameters: [{ name: 'q', in: 'query', schema }] } } },
    components: { schemas: { A: { anyOf: [schema, true] } } },
  });
  assert.deepEqual(problems, []);
});

test('what is sloppy but harmless is a warning at its place', async () => {
  const { document, problems } = await read(`openapi: 3.0.0
info: {title: a, version: '1'}
paths:
  /a:
    get:
      parameters:
        - {name: q, in: query}
      responses: {200: {description: OK}}
`);
  assert.ok(document);
  assert.equal(problems.length, 1);
  assert.deepEqual(problems[0], {
    severity: 'warning',
    file: 'library.yaml',
    line: 7,
    column: 11,
    place: '/paths/~1a/get/parameters/0',
    message: "not as OpenAPI 3.0 has it: must have required property 'schema'",
    remedy: 'correct it; it is taken as it is',
  });
});

test('an error each for what routing and security rest on, all at once', async () => {
  const errors = await errorsOf({
    openapi: '3.0.0',
    info: { version: '' },
    servers: [{ url: 'https://a b' }, {}],
    security: { a: [] },
    paths: {
      a: {},
      '/b': { GET: ok, get: { ...ok, security: [{ nobody: [] }, { key: 'x' }, 7] } },
      '/c': { get: [] },
      '/c/{x}': { get: ok, put: ok },
      '//%63/{y}/': { get: ok, post: ok },
      '/d{': {},
      '/e': { $ref: '#/paths/~1f' },
      '/f': { $ref: '#/paths/~1e' },
      '/g': { $ref: '#/nowhere' },
      '/h': { $ref: 'more.yaml#/h' },
    },
    components: { securitySchemes: { key: { type: 'apiKey' }, odd: { type: 'magic' }, http: { type: 'http' } } },
  });
  assert.deepEqual(errors.sort(), [
    "/components/securitySchemes/http: the security scheme 'http' says no 'scheme'",
    "/components/securitySchemes/key: the security scheme 'key' doesn't say where the key is",
    "/components/securitySchemes/odd: the security scheme 'odd' has no type that is known",
    '/info/title: the definition has no title',
    '/info/version: the definition has no version',
    "/paths/a: the path 'a' doesn't begin with a slash",
    "/paths/~1b/GET: the verb 'GET' is in capitals",
    "/paths/~1b/get/security/0/nobody: the security scheme 'nobody' is not defined",
    "/paths/~1b/get/security/1/key: the security scheme 'key' is not defined",
    '/paths/~1b/get/security/2: a security requirement is no object',
    '/paths/~1c/get: the operation GET /c is no object',
    "/paths/~1d{: '/d{' is no path template",
    "/paths/~1e: the reference '#/paths/~1f' leads to itself",
    "/paths/~1f: the reference '#/paths/~1e' leads to itself",
    "/paths/~1g: the reference '#/nowhere' leads to nothing",
    "/paths/~1h/$ref: the reference 'more.yaml#/h' leads out of the document",
    '/paths/~1~1%63~1{y}~1/get: GET //%63/{y}/ and GET /c/{x} are the same calls',
    '/security: the security requirements are no list',
    "/servers/0: 'https://a b' is no address",
    "/servers/1: a server has no 'url'",
  ]);
});

test('an error for a path that is another one to the gateway, and one that no request can have', async () => {
  const paths = Object.fromEntries(
    ['/é', '/%c3%A9/', '/a;v=1', '/a', '/b%2Fc', '/d/..'].map((path) => [path, { get: ok }]),
  );
  assert.deepEqual(await errorsOf({ ...head, paths }), [
    '/paths/~1%c3%A9~1/get: GET /%c3%A9/ and GET /é are the same calls',
    '/paths/~1a/get: GET /a and GET /a;v=1 are the same calls',
    `/paths/~1b%2Fc: the gateway can't route by '/b%2Fc': no request can have "b%2Fc" between two slashes`,
    `/paths/~1d~1..: the gateway can't route by '/d/..': no request can have ".." between two slashes`,
  ]);
});

test('neither files nor addresses are read for a reference anywhere', async () => {
  const errors = await errorsOf({
    ...head,
    paths: {},
    components: { schemas: { A: { properties: { b: { $ref: 'file:///etc/passwd' } } } } },
  });
  assert.deepEqual(errors, [
    "/components/schemas/A/properties/b/$ref: the reference 'file:///etc/passwd' leads out of the document",
  ]);
});

for (const [what, text, expected] of [
  ['no version of OpenAPI', 'info: {}', ': the definition says no OpenAPI version'],
  ['OpenAPI 4', 'openapi: 4.0.0', "/openapi: OpenAPI version '4.0.0' is not supported"],
  ['Swagger 1.2', "swagger: '1.2'", "/swagger: OpenAPI version '1.2' is not supported"],
  ['an empty file', '', ': this is no OpenAPI definition'],
  ['a list', '[]', ': this is no OpenAPI definition'],
  ['no paths', JSON.stringify(head), '/paths: the definition has no paths'],
] as const) {
  test(`${what}: an error that says so`, async () => {
    assert.deepEqual(await errorsOf(text), [expected]);
  });
}

for (const [what, template, expected] of [
  ['everything below', '/pets/*', null],
  ['a parameter and an ending', '/pets/{id}.secret', /can't route by '\/pets\/{id}\.secret'.*only a part/],
  ['a star before the end', '/pets/*/secret', /can't route by '\/pets\/\*\/secret'/],
] as const) {
  test(`a path with ${what} is ${expected ? 'an error' : 'good'}`, async () => {
    const [error, ...others] = await errorsOf({ ...head, paths: { [template]: { get: ok } } });
    assert.equal(others.length, 0);
    if (expected) assert.match(error ?? '', expected);
    else assert.equal(error, undefined);
  });
}

const many = (count: number, item: unknown) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`/p${i}`, item]));

test('5,000 operations are read, of 5,001 the limit and the count are said', async () => {
  assert.deepEqual(await errorsOf({ ...head, paths: many(2500, { get: ok, put: ok }) }), []);
  const wanted = ['/paths: it has 5001 operations; expected at most 5000'];
  assert.deepEqual(
    await errorsOf({ ...head, paths: { ...many(2500, { get: ok, put: ok }), '/x': { get: ok } } }),
    wanted,
  );
});

test('operations that are written once and referred to often count as often', async () => {
  const item = Object.fromEntries(['get', 'put', 'post', 'delete', 'patch', 'head'].map((verb) => [verb, ok]));
  const paths = { '/all': item, ...many(900, { $ref: '#/paths/~1all' }) };
  assert.deepEqual(await errorsOf({ ...head, paths }), [
    '/paths: it has more than 5000 operations; expected at most 5000',
  ]);
});

test('1,000 scopes are read, of 1,001 the limit and the count are said, whether defined or asked for', async () => {
  const names = Array.from({ length: 1000 }, (_, i) => `s${i}`);
  const define = (scopes: string[], asked: string[]) => ({
    ...head,
    paths: { '/a': { get: { ...ok, security: [{ shop: asked }] } } },
    components: {
      securitySchemes: {
        shop: { type: 'oauth2', flows: { implicit: { scopes: Object.fromEntries(scopes.map((name) => [name, ''])) } } },
      },
    },
  });
  const wanted = [': it has 1001 scopes; expected at most 1000'];
  assert.deepEqual(await errorsOf(define(names, ['s1', 's999'])), []);
  assert.deepEqual(await errorsOf(define([...names, 'more'], [])), wanted);
  assert.deepEqual(await errorsOf(define(names, ['other'])), wanted);
  const said = define(names, []);
  const paths = { '/a': { get: { ...ok, 'x-scope': 's1, other' } } };
  assert.deepEqual(await errorsOf({ ...said, paths }), wanted);
});
