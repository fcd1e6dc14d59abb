/** The toolkit's commands as somebody types them: what they print, what they leave behind, how they end. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readArtifact } from '../../src/adapters/artifacts/artifact.ts';
import { runPostern } from '../support/postern.ts';

const work = mkdtempSync(join(tmpdir(), 'toolkit-'));
after(() => rmSync(work, { recursive: true }));

const good = join(work, 'tides.yaml');
writeFileSync(
  good,
  `openapi: 3.0.1
info: {title: Tides, version: 1.0.0}
x-wso2-basePath: /tides/{version}
servers: [{url: 'https://sea.example'}]
paths:
  /now: {get: {responses: {'200': {description: OK}}}}
`,
);
const bad = join(work, 'bad.yaml');
writeFileSync(bad, 'openapi: 3.0.1\ninfo: {title: Bad}\npaths: {now: {}}\n');

test('0 and a project, 0 and an artifact, which says what is in it', async () => {
  const project = join(work, 'coast');
  const made = await runPostern(['init', project, '-a', good]);
  assert.equal(made.status, 0, made.err);
  assert.match(made.out, /Project coast was made/);
  const built = await runPostern(['build', project]);
  assert.equal(built.status, 0, built.err);
  const file = join(project, 'target', 'coast.postern');
  assert.match(built.out, /^BUILD SUCCESSFUL\n/);
  assert.ok(built.out.includes(`Target: ${file}\n`));
  assert.ok(built.out.includes(readArtifact(file).hash));
  assert.match(built.out, /Tides 1\.0\.0 at \/tides\/1\.0\.0, 1 operations, id [\w-]+\n/);
});

test('1 when the definition is wrong: all of it is said, and no project is made', async () => {
  const { status, err } = await runPostern(['init', join(work, 'none'), '-a', bad]);
  assert.equal(status, 1);
  assert.match(
    err,
    /bad\.yaml:2:1: error: the definition has no version \(at \/info\/version\)\n {4}add info\.version\n/,
  );
  assert.match(err, /bad\.yaml:3:9: error: the path 'now' doesn't begin with a slash/);
  assert.match(err, /2 errors, 0 warnings; no project was made/);
  assert.ok(!existsSync(join(work, 'none')));
});

test('1 when the build fails: nothing is on standard output, and the artifact of the last build is still there', async () => {
  const project = join(work, 'coast');
  const file = join(project, 'target', 'coast.postern');
  const before = readFileSync(file, 'utf8');
  writeFileSync(join(project, 'api_definitions', 'bad.yaml'), readFileSync(bad));
  const { status, out, err } = await runPostern(['build', project]);
  assert.equal(status, 1);
  assert.equal(out, '');
  assert.match(err, /BUILD FAILED: 2 errors/);
  assert.equal(readFileSync(file, 'utf8'), before);
  rmSync(join(project, 'api_definitions', 'bad.yaml'));
});

for (const [args, expected] of [
  [['init', join(work, 'coast')], /project already exists/],
  [['init', join(work, 'x'), '-a', join(work, 'nowhere.yaml')], /there is no such file/],
  [
    ['init', join(work, 'x'), '-a', 'https://sea.example/x', '--headers', 'a,b', '--values', 's3cret'],
    /2 fields.* 1 value/,
  ],
  [['init', join(work, 'x'), '--headers', 'a', '--values', 's3cret'], /--headers are for the address/],
  [['init', join(work, 'x'), '-d', good], /is no valid TOML/],
  [['build', join(work, 'nothing')], /is not there; make a project/],
  [['build', join(work, 'coast'), '--docker'], /images are not built/],
  [['pull', join(work, 'x')], /either --api-name and --version, or --label/],
  [['pull', join(work, 'x'), '-a', 'Tides'], /--version is missing/],
] as const) {
  test(`2 for ${args.map((arg) => arg.replace(`${work}/`, '')).join(' ')}, which changes nothing`, async () => {
    const before = readdirSync(work, { recursive: true });
    const { status, out, err } = await runPostern(args);
    assert.equal(status, 2, err);
    assert.equal(out, '');
    assert.match(err, expected);
    assert.doesNotMatch(err, /s3cret|unexpected failure/);
    assert.deepEqual(readdirSync(work, { recursive: true }), before);
  });
}
