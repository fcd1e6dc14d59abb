/** A project's folder may come from anybody: nothing in it makes the toolkit read or write elsewhere, or wait for ever. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { buildProject } from './build.ts';
import { createProject } from './create-project.ts';
import { fetchDefinition } from './fetch-definition.ts';
import { Project, ProjectError } from './project.ts';

const root = mkdtempSync(join(tmpdir(), 'links-'));
after(() => rmSync(root, { recursive: true }));
const elsewhere = join(root, 'elsewhere');
mkdirSync(elsewhere);

const text = `openapi: 3.0.1
info: { title: Tides, version: "1.0" }
x-wso2-basePath: /tides
servers: [{ url: "https://tides.example" }]
paths: { /a: { get: { responses: { "200": { description: OK } } } } }
`;

function project(name: string): string {
  const folder = join(root, name);
  createProject({ folder, force: false, definition: { name: 'tides.yaml', text }, deploymentConfig: null });
  return folder;
}

for (const path of ['target', 'gen', 'gen/api_definitions', 'api_definitions', 'interceptors', 'conf']) {
  test(`${path} that leads out of the project: refused with both places, and nothing is written`, async () => {
    const folder = project(`out-${path.replace('/', '-')}`);
    rmSync(join(folder, path), { recursive: true, force: true });
    symlinkSync(elsewhere, join(folder, path));
    await assert.rejects(
      buildProject(folder),
      (error) =>
        error instanceof ProjectError &&
        error.message.includes(join(folder, path)) &&
        error.message.includes(elsewhere),
    );
    assert.deepEqual(readdirSync(elsewhere), []);
  });
}

test('what pull writes into is checked as well, there or not; a link inside the project is good', () => {
  const folder = project('pulled');
  const { pulledDefinitions, requireInside } = new Project(folder);
  const check = requireInside.bind(new Project(folder));
  check(pulledDefinitions);
  rmSync(join(folder, 'gen'), { recursive: true });
  check(pulledDefinitions);
  symlinkSync(join(folder, 'lib'), join(folder, 'gen'));
  check(pulledDefinitions);
  rmSync(join(folder, 'gen'));
  symlinkSync(join(root, 'nowhere'), join(folder, 'gen'));
  assert.throws(() => check(pulledDefinitions), /is a link that leads nowhere/);
});

for (const [what, make, expected] of [
  ['a link to a device without an end', (path: string) => symlinkSync('/dev/zero', path), /it is a link/],
  ['a link to another file', (path: string) => symlinkSync(join(root, 'secret.yaml'), path), /it is a link/],
  ['a pipe', (path: string) => void execFileSync('mkfifo', [path]), /it is no regular file/],
] as const) {
  for (const file of ['api_definitions/b.yaml', 'policies.yaml', 'conf/deployment-config.toml']) {
    test(`${file} that is ${what}: an error at once`, async () => {
      writeFileSync(join(root, 'secret.yaml'), text);
      const folder = project(`${what}-${file}`.replace(/\W/g, '-').slice(0, 100));
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      rmSync(join(folder, file), { force: true });
      make(join(folder, file));
      const { problems, artifact } = await buildProject(folder);
      assert.equal(artifact, null);
      const found = problems.find((problem) => problem.file === file);
      assert.match(found?.message ?? '', expected);
      rmSync(folder, { recursive: true });
    });
  }
}

test('a link to a folder among the definitions is an error', async () => {
  const folder = project('nested');
  symlinkSync(elsewhere, join(folder, 'api_definitions', 'more'));
  const { problems, artifact } = await buildProject(folder);
  assert.equal(artifact, null);
  assert.equal(problems.find(({ severity }) => severity === 'error')?.file, 'api_definitions/more');
});

test('a definition for a new project that never ends is refused with the limit', async () => {
  await assert.rejects(
    fetchDefinition({ from: '/dev/zero', headers: [], insecure: false }),
    (error) => error instanceof ProjectError && /more than 8388608 bytes/.test(error.message),
  );
});
