import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { parse } from 'yaml';
import { readParams } from './api-params.ts';
import { applyParams } from './apply-params.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'api_params.yaml');

const read = (text: string, env: Record<string, string> = {}, name = 'prod') => {
  writeFileSync(file, text);
  return readParams(file, name, env);
};

const apiFile = (config: object) =>
  new Map([
    [
      'X-1/Meta-information/api.yaml',
      Buffer.from(`id: {version: 1.10}\nendpointConfig: '${JSON.stringify(config)}'\n`),
    ],
  ]);

const apply = (text: string, config: object, env: Record<string, string> = {}) => {
  const files = applyParams(apiFile(config), read(text, env) as NonNullable<ReturnType<typeof read>>, file);
  const written = Buffer.from(files.get('X-1/Meta-information/api.yaml') ?? '').toString();
  const { endpointConfig, ...api } = parse(written);
  return { files, api, written, config: JSON.parse(endpointConfig) };
};

test('addresses and time-outs of the environment replace those of the project, the rest stays', () => {
  const { config, written } = apply(
    'environments:\n- name: prod\n  endpoints:\n    production: {url: "https://p", config: {retryDelay: 5}}\n',
    { production_endpoints: { url: 'http://old', config: { factor: 2 } }, sandbox_endpoints: { url: 'http://s' } },
  );
  assert.deepEqual(config.production_endpoints, { url: 'https://p', config: { factor: 2, retryDelay: 5 } });
  assert.deepEqual(config.sandbox_endpoints, { url: 'http://s' });
  assert.equal(config.endpoint_type, 'http');
  assert.match(written, /^id: \{version: 1\.10\}\nendpointConfig: /);
});

test('variables are replaced, also as numbers and in braces; $$ is a dollar', () => {
  const text = `environments:\n- name: prod\n  endpoints:\n    production:\n      url: https://$\{HOST}:$PORT/a$$b\n      config: {retryTimeOut: $TIME}\n`;
  const { config } = apply(text, {}, { HOST: 'h', PORT: '1', TIME: '250' });
  assert.deepEqual(config.production_endpoints, { url: 'https://h:1/a$b', config: { retryTimeOut: 250 } });
});

test('a variable that is not set is named with its line; those of other environments need not be set', () => {
  const text = 'environments:\n- name: dev\n  security: {username: $A}\n- name: prod\n  security:\n    password: $B\n';
  assert.throws(() => read(text), /api_params\.yaml:6: environments\.1\.security\.password: the variable B is not set/);
  assert.deepEqual(read(text, { B: 'x' })?.security, { password: 'x' });
});

test('every misspelt key is named with its line and the right one, in every environment', () => {
  const text =
    'environments:\n- name: dev\n  endpoint: {}\n- name: prod\n  endpoints:\n    producton: {url: a}\nfoo: 1\n';
  assert.throws(
    () => read(text),
    (error: Error) => {
      assert.match(error.message, /:3: environments\.0\.endpoint: unknown key endpoint; did you mean endpoints\?/);
      assert.match(
        error.message,
        /:6: environments\.1\.endpoints\.producton: unknown key producton; did you mean production\?/,
      );
      assert.match(error.message, /:7: foo: unknown key foo; expected environments/);
      return true;
    },
  );
});

test('wrong values, a repeated environment and no YAML are refused with their place', () => {
  assert.throws(() => read('environments: 1'), /:1: environments: expected a list/);
  assert.throws(
    () => read('environments:\n- name: prod\n- name: prod\n'),
    /:3: environments\.1: the environment prod is there twice/,
  );
  assert.throws(() => read('environments:\n- name: prod\n  certs: x\n'), /:3: environments\.0\.certs: expected a list/);
  assert.throws(() => read('environments: [\n'), /api_params\.yaml:\d+: /);
  assert.equal(read('environments:\n- name: dev\n'), null);
  assert.equal(read(''), null);
});

test('credentials, tiers, gateways and certificates of the environment are put into the project', () => {
  const pem = '-----BEGIN CERTIFICATE-----\n';
  writeFileSync(join(folder, 'back.pem'), pem);
  const { files, api } = apply(
    `environments:
- name: prod
  security: {enabled: true, type: digest, username: u, password: p}
  policies: [Gold]
  gatewayEnvironments: [A]
  certs: [{hostName: "https://b", alias: one, path: back.pem}]
  mutualSslCerts: [{tierName: Gold, alias: two, path: back.pem}]
  endpoints: {sandbox: {url: "http://s"}}
`,
    {},
  );
  assert.deepEqual(
    [
      api.endpointSecured,
      api.endpointAuthDigest,
      api.endpointUTUsername,
      api.endpointUTPassword,
      api.availableTiers,
      api.environments,
    ],
    [true, true, 'u', 'p', [{ name: 'Gold' }], ['A']],
  );
  const list = (name: string) =>
    JSON.parse(Buffer.from(files.get(`X-1/Meta-information/${name}.json`) ?? '').toString());
  assert.deepEqual(list('endpoint_certificates'), [{ hostName: 'https://b', alias: 'one', certificate: pem }]);
  assert.deepEqual(list('client_certificates'), [{ tierName: 'Gold', alias: 'two', certificate: pem }]);
});

test('a certificate is read below the folder of the parameters only, and nothing that is none', () => {
  const outside = mkdtempSync(join(tmpdir(), 'postern-test-'));
  after(() => rmSync(outside, { recursive: true, force: true }));
  writeFileSync(join(outside, 'key.pem'), '-----BEGIN CERTIFICATE-----\n');
  symlinkSync(join(outside, 'key.pem'), join(folder, 'link.pem'));
  writeFileSync(join(folder, 'secret'), 'of mine');
  for (const kind of ['certs: [{hostName: "https://b"', 'mutualSslCerts: [{tierName: Gold'])
    for (const [path, expected] of [
      [join(outside, 'key.pem'), /is not below the folder/],
      [`../${basename(outside)}/key.pem`, /is not below the folder/],
      ['link.pem', /is not below the folder/],
      ['secret', /expected a certificate in PEM/],
      ['/dev/zero', /is not below the folder/],
      ['none', /ENOENT/],
    ] as const)
      assert.throws(
        () => apply(`environments:\n- name: prod\n  ${kind}, alias: a, path: "${path}"}]\n`, {}),
        (error: Error) => error.name === 'UsageError' && expected.test(error.message) && !/of mine/.test(error.message),
        path,
      );
});
