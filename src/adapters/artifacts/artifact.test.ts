import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Api, Resource } from '../../core/api.ts';
import type { EntityChange } from '../../core/snapshot.ts';
import { ArtifactError, readArtifact, writeArtifact } from './artifact.ts';

const folder = mkdtempSync(join(tmpdir(), 'artifact-'));
after(() => rmSync(folder, { recursive: true }));

const policy = (name: string): EntityChange => ({
  kind: 'policy',
  id: `resource|${name}`,
  value: { level: 'resource', name, limit: { count: 5, windowMs: 60_000 }, stopOnQuota: true },
});
const entities = [policy('Gold'), policy('Blech — ü')];

function written(name: string): { file: string; text: string } {
  const file = join(folder, name);
  writeArtifact(file, entities);
  return { file, text: readFileSync(file, 'utf8') };
}

test('what was written is read again, sorted, with the hash of its content', () => {
  const { file } = written('a.postern');
  const hash = writeArtifact(file, entities);
  const artifact = readArtifact(file);
  assert.equal(artifact.hash, hash);
  assert.match(hash, /^[0-9a-f]{64}$/);
  assert.deepEqual(artifact.entities, [policy('Blech — ü'), policy('Gold')]);
});

test('the same content in another order makes the same bytes, other content another hash; nothing else is left behind', () => {
  const { file, text } = written('a.postern');
  const hash = writeArtifact(file, entities.toReversed());
  assert.equal(readFileSync(file, 'utf8'), text);
  assert.notEqual(writeArtifact(file, [policy('Silver')]), hash);
  assert.deepEqual(
    readdirSync(folder).filter((name) => !name.endsWith('.postern')),
    [],
  );
});

const { file, text } = written('b.postern');
for (const [what, content, expected] of [
  ['a changed limit', text.replace('"count":5', '"count":6'), /is damaged/],
  ['an entity less', text.split('\n').toSpliced(1, 1).join('\n'), /is damaged/],
  ['a wrong count', text.replace('"count":2}\n', '"count":3}\n'), /is damaged/],
  ['no end', text.split('\n').slice(0, -2).join('\n'), /is cut off/],
  ['half a line', text.slice(0, -4), /is cut off/],
  ['the header alone', text.slice(0, text.indexOf('\n') + 1), /is cut off/],
  ['another format', text.replace('"format":1', '"format":2'), /has format 2/],
  ['something else', 'PK\u0003\u0004', /is no artifact/],
  ['an empty file', '', /is no artifact/],
] as const) {
  test(`${what}: refused with the reason`, () => {
    writeFileSync(file, content);
    assert.throws(
      () => readArtifact(file),
      (error) => error instanceof ArtifactError && expected.test(error.message),
    );
  });
}

test('no file, or a folder: refused with the reason', () => {
  assert.throws(() => readArtifact(join(folder, 'nowhere')), /there is no such file/);
  assert.throws(() => readArtifact(folder), /it is a folder/);
});

const resource: Resource = { path: '/a', verb: 'GET', authType: 'Any', scopes: [], tier: 'Unlimited' };
const api: Api = {
  id: 'tides',
  name: 'Tides',
  version: '1.0',
  provider: 'admin@carbon.super',
  context: '/tides',
  isDefaultVersion: false,
  status: 'PUBLISHED',
  resources: [resource],
  endpoints: { production: { url: 'https://tides.example' } },
  cors: null,
  scopes: [],
};
const apiEntity = (value: Record<string, unknown>, id = 'tides'): unknown => ({
  kind: 'api',
  id,
  value: { ...api, ...value },
});

for (const [what, entity, expected] of [
  ['an API without paths', apiEntity({ resources: undefined }), /the api 'tides' is not as .* at \/resources;/],
  ['an unknown verb', apiEntity({ resources: [resource, { ...resource, verb: 'BREW' }] }), /at \/resources\/1\/verb;/],
  [
    'an unknown scheme',
    apiEntity({ resources: [{ ...resource, security: { schemes: ['trust'] } }] }),
    /\/resources\/0\/security\/schemes\/0;/,
  ],
  [
    'a back end that is no address',
    apiEntity({ endpoints: { production: { url: 'tides' } } }),
    /at \/endpoints\/production\/url;/,
  ],
  ['other cross-origin rules', apiEntity({ cors: {} }), /at \/cors\/allowOrigins;/],
  ['another id', apiEntity({}, 'ebb'), /the api 'tides' has another id, 'ebb'/],
  [
    'a policy without a limit',
    { kind: 'policy', id: 'resource|Gold', value: { level: 'resource', name: 'Gold', stopOnQuota: true } },
    /the policy 'resource\|Gold' .* at \/limit;/,
  ],
  [
    'an issuer without keys',
    { kind: 'issuer', id: 'x', value: { issuer: 'x', audience: null } },
    /the issuer 'x' .* at \/keys;/,
  ],
  ['a revocation', { kind: 'revocation', id: 'x', value: {} }, /an entity of the kind 'revocation'/],
  ['a kind of every object', { kind: 'constructor', id: 'x', value: {} }, /an entity of the kind 'constructor'/],
  ['no value', { kind: 'api', id: 'x', value: null }, /no entity with a kind, an id and a value/],
] as const) {
  test(`${what}, with a hash that is right: refused with the place`, () => {
    writeArtifact(file, [entity as EntityChange]);
    assert.throws(
      () => readArtifact(file),
      (error) => error instanceof ArtifactError && expected.test(error.message),
    );
  });
}

test('an API as it has to be is read', () => {
  writeArtifact(file, [apiEntity({}) as EntityChange]);
  assert.equal(readArtifact(file).entities.length, 1);
});

test('a file without an end is not read for ever', { skip: !existsSync('/dev/zero') }, () => {
  assert.throws(() => readArtifact('/dev/zero'), { name: 'ArtifactError', message: /more than 268435456 bytes/ });
});
