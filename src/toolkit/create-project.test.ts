import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { buildProject } from './build.ts';
import { createProject } from './create-project.ts';
import { ProjectError } from './project.ts';

const root = mkdtempSync(join(tmpdir(), 'projects-'));
after(() => rmSync(root, { recursive: true }));

const text = `openapi: 3.0.1
info: {title: Stars, version: '1'}
x-wso2-basePath: /stars
x-wso2-throttling-tier: 10kPerMin
servers: [{url: 'https://stars.example'}]
paths:
  /now:
    get:
      x-wso2-disable-security: true
      responses: {'200': {description: OK}}
`;
const definition = { name: 'stars.yaml', text };
const plain = { force: false, definition: null, deploymentConfig: null };

test('a new project with a definition builds without a problem, the default policies among it', async () => {
  const folder = join(root, 'sky');
  createProject({ ...plain, folder, definition });
  assert.deepEqual(readdirSync(folder).sort(), [
    'api_definitions',
    'conf',
    'extensions',
    'gen',
    'grpc_definitions',
    'interceptors',
    'lib',
    'policies.yaml',
  ]);
  const { problems, artifact } = await buildProject(folder);
  assert.deepEqual(problems, []);
  assert.equal(artifact?.file, join(folder, 'target', 'sky.postern'));
  assert.equal(artifact?.policies, 11);
  assert.deepEqual(
    artifact?.apis.map(({ name }) => name),
    ['Stars'],
  );
});

test('a project that is there is refused, and by force replaced whole', () => {
  const folder = join(root, 'twice');
  createProject({ ...plain, folder, definition });
  writeFileSync(join(folder, 'mine.txt'), 'mine');
  assert.throws(
    () => createProject({ ...plain, folder }),
    (error) => error instanceof ProjectError && /project already exists/.test(error.message),
  );
  assert.ok(existsSync(join(folder, 'mine.txt')));
  createProject({ ...plain, folder, force: true });
  assert.ok(!existsSync(join(folder, 'mine.txt')));
  assert.deepEqual(readdirSync(join(folder, 'api_definitions')), ['README.md']);
});

test('force does not replace what is no project', () => {
  const folder = join(root, 'photos');
  mkdirSync(folder);
  writeFileSync(join(folder, 'sea.jpg'), '');
  assert.throws(() => createProject({ ...plain, folder, force: true }), /is something else than a project/);
  assert.deepEqual(readdirSync(folder), ['sea.jpg']);
});

test('a name that can be none, or a folder that is not there, is refused; nothing is left behind', () => {
  assert.throws(() => createProject({ ...plain, folder: join(root, '.hidden') }), /no name for a project/);
  assert.throws(() => createProject({ ...plain, folder: join(root, 'nowhere', 'x') }), /there is no folder/);
  assert.throws(() => createProject({ ...plain, folder: join(root, 'bad'), definition: { name: '../../x/y', text } }));
  assert.deepEqual(
    readdirSync(root).filter((name) => name.startsWith('.') || name === 'bad'),
    [],
  );
});

test('a failed build leaves the artifact that was there as it was', async () => {
  const folder = join(root, 'steady');
  createProject({ ...plain, folder, definition });
  const { artifact } = await buildProject(folder);
  assert.ok(artifact);
  const before = readFileSync(artifact.file, 'utf8');
  writeFileSync(join(folder, 'api_definitions', 'stars.yaml'), text.replace('3.0.1', '4.0.0'));
  const { problems, artifact: none } = await buildProject(folder);
  assert.equal(none, null);
  assert.match(problems[0]?.message ?? '', /OpenAPI version '4.0.0' is not supported/);
  assert.equal(readFileSync(artifact.file, 'utf8'), before);
});

test('no project, no definition: each an error that says what to do', async () => {
  await assert.rejects(buildProject(join(root, 'nothing')), /is not there; make a project by 'postern init nothing'/);
  const folder = join(root, 'empty');
  createProject({ ...plain, folder });
  const { problems } = await buildProject(folder);
  assert.deepEqual(
    problems.map(({ severity, message }) => `${severity}: ${message}`),
    ['error: the project has no API definition'],
  );
});

test('what is not made yet is said: filters are an error, images and unused files a warning', async () => {
  const folder = join(root, 'deployed');
  const deploymentConfig = '[docker.dockerConfig]\nenable = true\n[[filters]]\nname = "mine"\nposition = 2\n';
  createProject({ ...plain, folder, definition, deploymentConfig });
  writeFileSync(join(folder, 'grpc_definitions', 'a.proto'), '');
  writeFileSync(join(folder, 'lib', 'a.jar'), '');
  const { problems, artifact } = await buildProject(folder);
  assert.equal(artifact, null);
  assert.deepEqual(
    problems.map(({ severity, file, place }) => `${severity} ${file} ${place}`),
    [
      'warning grpc_definitions/a.proto ',
      'warning lib/a.jar ',
      'error conf/deployment-config.toml /filters',
      'warning conf/deployment-config.toml /docker/dockerConfig/enable',
    ],
  );
});

test('interceptors are looked up in the project', async () => {
  const folder = join(root, 'intercepted');
  const withInterceptor = { ...definition, text: `${text}x-wso2-response-interceptor: stamp\n` };
  createProject({ ...plain, folder, definition: withInterceptor });
  const missing = await buildProject(folder);
  assert.match(missing.problems[0]?.message ?? '', /there is no interceptor 'stamp'/);
  writeFileSync(join(folder, 'interceptors', 'a.bal'), 'public function stamp (http:Caller c) {}');
  const { problems, artifact } = await buildProject(folder);
  assert.ok(artifact);
  assert.match(problems[0]?.message ?? '', /the interceptor 'stamp' is not called yet/);
});
