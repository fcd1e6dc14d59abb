/** A control plane that wants to harm whoever talks to it: it can make a command fail, and nothing else. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { writeZip } from '../../src/platform/zip.ts';
import { newDataFolder, runPostern } from '../support/postern.ts';

/** What it answers, by what the path contains; the first that fits. */
type Answers = readonly (readonly [path: string, answer: (response: ServerResponse, path: string) => void])[];

let server: Server;
let folder: string;
let answers: Answers = [];
/** Paths that were asked for. */
let asked: string[] = [];

const json =
  (value: unknown, status = 200) =>
  (response: ServerResponse) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
const bytes = (content: Uint8Array) => (response: ServerResponse) => void response.writeHead(200).end(content);

const honest: Answers = [
  ['/register', json({ clientId: 'a', clientSecret: 'b' })],
  ['/token', json({ access_token: 't', refresh_token: 'r', expires_in: 1e9 })],
];
const escapes = '\u001b]0;owned\u0007\u001b[2J\u009b31mhello\u202e\nWARNING: all is well\r';

before(async () => {
  folder = newDataFolder();
  server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    request.resume().on('end', () => {
      const [, answer] = [...answers, ...honest].find(([part]) => path.includes(part)) ?? [];
      (answer ?? json({ list: [] }))(response, path);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  await run([], 0, 'env', 'add', 'evil', '--url', url, '--timeout', '5000');
  await run([], 0, 'login', 'evil', '-u', 'u', '-p', 'p');
});
after(() => {
  server?.closeAllConnections();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function run(given: Answers, status: number, ...args: string[]): Promise<string> {
  answers = given;
  asked = [];
  const result = await runPostern(args, { POSTERN_HOME: join(folder, 'home') });
  assert.equal(result.status, status, `${args.join(' ')}\n${result.out}\n${result.err}`);
  const said = result.out + result.err;
  assert.doesNotMatch(said, /(?![\n\t])[\p{Cc}\u202e]/u);
  assert.doesNotMatch(said, /^(?:postern: )?WARNING: all is well/m);
  assert.doesNotMatch(said, /unexpected failure/);
  return said;
}

function tree(path: string): Record<string, string> {
  const entries = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = entries.map((entry) => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(files.map((file) => [file, readFileSync(file, 'base64')]));
}

/** The least that can be imported. */
function newProject(): string {
  const project = join(folder, 'project');
  mkdirSync(join(project, 'Meta-information'), { recursive: true });
  writeFileSync(join(project, 'Meta-information', 'api.yaml'), 'id: {}\n');
  return project;
}

test('an export into a repository leaves its hooks, its settings and api_params.yaml alone', async () => {
  const repository = join(folder, 'repository');
  mkdirSync(join(repository, 'Meta-information'), { recursive: true });
  writeFileSync(join(repository, 'Meta-information', 'api.yaml'), 'mine');
  writeFileSync(join(repository, 'api_params.yaml'), 'environments: []\n');
  execFileSync('git', ['init', '-q', repository]);
  const before = tree(repository);
  const api = ['X-1/Meta-information/api.yaml', 'id: {}\n'] as const;
  const args = ['export', 'api', '-n', 'X', '-v', '1', '-e', 'evil', '--force', '--to'];
  for (const path of ['X-1/.git/hooks/pre-commit', 'X-1/api_params.yaml', `X-1/README${escapes}`, 'X-1/certs/a.pem']) {
    const archive = writeZip(
      new Map([api, [path, 'theirs'] as const].map(([name, text]) => [name, Buffer.from(text)])),
    );
    assert.match(
      await run([['/export/api', bytes(archive)]], 1, ...args, repository),
      /nothing was written: .* (no part of an export of an API|is not allowed)$/m,
    );
    assert.deepEqual(tree(repository), before);
    await run([['/export/api', bytes(archive)]], 1, ...args, join(folder, 'x.zip'));
    const one = [{ id: '1', name: '../../X', version: '..' }];
    const list = [['/apis?', json({ list: one, pagination: { total: 1 } })] as const];
    await run(
      [['/export/api', bytes(archive)], ...list],
      1,
      'export',
      'apis',
      '-e',
      'evil',
      '--to',
      join(folder, 'all'),
    );
    assert.deepEqual(readdirSync(folder).sort(), ['home', 'repository']);
  }
  const good = writeZip(new Map([[api[0], Buffer.from(api[1])]]));
  await run([['/export/api', bytes(good)]], 0, ...args, repository);
  assert.deepEqual(tree(repository), {
    ...before,
    [join(repository, 'Meta-information', 'api.yaml')]: Buffer.from(api[1]).toString('base64'),
  });
});

const rows = (at: number) => Array.from({ length: 100 }, (_, i) => ({ id: `${at}-${i}`, name: 'n', version: '1' }));
let pages = 0;
for (const [what, answer, expected] of [
  ['null', json(null), /is no answer of a control plane/],
  ['[null]', json([null]), /is no answer of a control plane/],
  ['a list with null', json({ list: [null, 1, {}] }), /is no list of a control plane/],
  ['a list that is a text', json({ list: 'abc' }), /is no list of a control plane/],
  ['no list', json({}), /is no list of a control plane/],
  ['the same page for ever', json({ list: rows(0), pagination: { total: 1e9 } }), /repeats itself/],
  [
    'pages without end',
    (response: ServerResponse) => json({ list: rows(pages++), pagination: { total: 1e9 } })(response),
    /has more than 100000 entries/,
  ],
  ['more on a page than was asked for', json({ list: [...rows(0), { id: 'x' }] }), /has 101 entries on a page of 100/],
  ['too much', bytes(Buffer.alloc((16 << 20) + 1, 32)), /has more than 16777216 bytes/],
  [
    'packed bytes',
    (r: ServerResponse) => void r.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{}')),
    /is no JSON/,
  ],
  ['a redirect', (r: ServerResponse) => void r.writeHead(307, { location: '/stolen' }).end(), /status 307/],
] as const)
  test(`a list of APIs that is ${what} ends the command with a clear error`, async () => {
    assert.match(
      await run([['/apis?', answer]], 1, 'export', 'apis', '-e', 'evil', '--to', join(folder, 'all')),
      expected,
    );
    assert.ok(!asked.some((path) => path.includes('stolen')), 'nothing was followed');
  });

test('4 when an answer comes drop by drop', async () => {
  await run([], 0, 'env', 'set', 'evil', '--timeout', '700');
  const slow = (response: ServerResponse): void => {
    const timer = setInterval(() => response.write(' '), 50);
    response.on('close', () => clearInterval(timer));
  };
  assert.match(await run([['/apis?', slow]], 4, 'get', 'apis', '-e', 'evil'), /did not answer within 700 ms/);
  await run([], 0, 'env', 'set', 'evil', '--timeout', '5000');
});

for (const value of [null, [null], {}, { clientId: 1, clientSecret: [] }, { clientId: 'a', clientSecret: {} }])
  test(`a client that is ${JSON.stringify(value)} is none`, async () => {
    const said = await run([['/register', json(value)]], 1, 'login', 'evil', '-u', 'u', '-p', 'p');
    assert.match(said, /is no client/);
  });

for (const value of [
  null,
  [null],
  {},
  { access_token: 't\nx: y', expires_in: 1 },
  { access_token: 't', expires_in: 'x' },
])
  test(`a token that is ${JSON.stringify(value)} is none`, async () => {
    const said = await run([['/token', json(value)]], 1, 'login', 'evil', '-u', 'u', '-p', 'p');
    assert.match(said, /is no token/);
  });

for (const value of [null, [null], {}, { name: 'x', outcome: 'created', changes: [null] }])
  test(`a preview of an import that is ${JSON.stringify(value)} is none, and nothing more is sent`, async () => {
    const project = newProject();
    const said = await run([['/preview', json(value)]], 1, 'import', 'api', '-f', project, '-e', 'evil');
    assert.match(said, /is not that of a control plane; nothing more was sent/);
    assert.deepEqual(asked.filter((path) => path.includes('/import/')).length, 1);
  });

test('what commands a terminal is shown escaped: errors, tables, YAML, JSON, previews', async () => {
  const error = await run(
    [['/register', json({ description: escapes }, 400)]],
    1,
    'login',
    'evil',
    '-u',
    'u',
    '-p',
    'p',
  );
  assert.match(error, /\\u001b\]0;owned\\u0007.*hello\\u202e\\u000aWARNING: all is well\\u000d/);
  const row = { id: '1', name: escapes, version: '1', [escapes]: { [escapes]: escapes } };
  const list = [['/apis?', json({ list: [row], pagination: { total: 1 } })] as const];
  assert.match(await run(list, 0, 'get', 'apis', '-e', 'evil'), /\\u001b\]0;owned/);
  // Programs read it: what turns the direction of text stays as it is.
  const name = escapes.replace('\u202e', '');
  const safe = [['/apis?', json({ list: [{ id: '1', name }], pagination: { total: 1 } })] as const];
  for (const form of ['json', 'yaml']) {
    assert.match(await run(safe, 0, 'get', 'apis', '-e', 'evil', '--output', form), /u001b\]0;owned|\\e\]0;owned|x1b/);
  }
  const preview = {
    name: escapes,
    outcome: 'created',
    changes: [{ field: escapes, to: escapes }],
    warnings: [escapes],
    skipped: [{ name: escapes, version: escapes }],
  };
  const args = ['import', 'api', '-f', newProject(), '-e', 'evil', '--dry-run'];
  assert.match(await run([['/preview', json(preview)]], 0, ...args), /\\u001b\[2J/);
});
