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

const head = 'openapi: 3.0.1\ninfo: {title: Big, version: "1"}\n';
const operations = Array.from({ length: 5001 }, (_, i) => `  /p${i}: {get: {responses: {}}}\n`).join('');

for (const [what, text, expected] of [
  ['millions of brackets', `${head}x-a: ${'['.repeat(3_900_000)}`, /nested too deeply/],
  ['millions of brackets that are closed', `${'['.repeat(2e6)}${']'.repeat(2e6)}`, /nested too deeply/],
  ['millions of lists in one line', '- '.repeat(2e6), /more than 350000 lines, separators and brackets/],
  ['a list of millions', `${head}x-a: [${'1,'.repeat(1.9e6)}1]`, /more than 350000 lines/],
  ['aliases of aliases', `a: &a [1,1,1,1,1,1,1,1,1]\n${laughs()}`, /more than 1000000 values/],
  ['a text that is meant a thousand times', `a: &a ${'x'.repeat(1e5)}\nb: [${'*a,'.repeat(1e3)}]`, /characters/],
  ['5,001 operations', `${head}paths:\n${operations}`, /it has 5001 operations; expected at most 5000/],
] as const)
  test(`1, soon, for ${what}: by init and by build`, async () => {
    const file = join(work, 'bomb.yaml');
    writeFileSync(file, text);
    const project = join(work, 'coast');
    for (const name of readdirSync(join(project, 'api_definitions'))) rmSync(join(project, 'api_definitions', name));
    writeFileSync(join(project, 'api_definitions', 'bomb.yaml'), text);
    for (const args of [
      ['init', join(work, 'none'), '-a', file],
      ['build', project],
    ]) {
      const started = performance.now();
      const { status, err } = await runPostern(args);
      assert.equal(status, 1, err);
      assert.match(err, expected);
      assert.ok(performance.now() - started < 15_000);
    }
  });

function laughs(): string {
  return [...'bcdefgh'].map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefg'[i]}`).join()}]\n`).join('');
}

test('2 for a deployment configuration that never ends', async () => {
  const { status, err } = await runPostern(['init', join(work, 'none'), '-d', '/dev/zero']);
  assert.equal(status, 2);
  assert.match(err, /--deployment-config: can't read \/dev\/zero: it has more than 1048576 bytes/);
  assert.ok(!existsSync(join(work, 'none')));
});
