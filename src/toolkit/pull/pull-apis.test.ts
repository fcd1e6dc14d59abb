import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openCertificates } from '../../platform/certificates.ts';
import { createLog } from '../../platform/log.ts';
import { pullApis } from './pull-apis.ts';

type Answer = (response: ServerResponse) => void;

const folder = mkdtempSync(join(tmpdir(), 'pull-'));
let server: Server;
let serverUrl: string;
/** By what the path contains; the first that fits. */
let answers: readonly (readonly [path: string, answer: Answer])[] = [];
let asked: string[] = [];

const json =
  (value: unknown, status = 200): Answer =>
  (response) =>
    void response.writeHead(status).end(JSON.stringify(value));
const api = { id: 'x', name: 'n', version: '1', lifeCycleStatus: 'PUBLISHED', context: '/n' };

const honest: typeof answers = [
  ['/register', json({ clientId: 'a', clientSecret: 'b' })],
  ['/token', json({ access_token: 't' })],
  ['/swagger', json({ openapi: '3.0.1', info: {}, paths: {} })],
  ['/apis?', json({ list: [api] })],
  ['/apis/', json(api)],
];

before(async () => {
  const log = createLog({ name: 'test', level: 'silent' });
  const { server: tls } = await openCertificates(folder, { hosts: ['localhost'], log });
  server = createServer(tls, (request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    request.resume().on('end', () => {
      const [, answer] = [...answers, ...honest].find(([part]) => path.includes(part)) ?? [];
      (answer ?? json({ list: [] }))(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  serverUrl = `https://localhost:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

/** What it says when it fails. */
async function fails(given: typeof answers): Promise<string> {
  answers = given;
  asked = [];
  const project = join(folder, 'project');
  const logIn = { serverUrl, username: 'u', password: 'p', certificates: [], insecure: true };
  const error = await pullApis(project, { name: 'n', version: '1' }, logIn).then(
    (): Error => assert.fail('it was pulled'),
    (reason: Error) => reason,
  );
  assert.equal(error.name, 'ProjectError', String(error.stack));
  assert.doesNotMatch(error.message, /\p{Cc}/u);
  assert.ok(!existsSync(project));
  return error.message;
}

let page = 0;
const pageOf = (at: number) => Array.from({ length: 100 }, (_, i) => ({ ...api, id: `${at}-${i}` }));
/** 16 MiB and a byte. */
const much = Buffer.alloc((16 << 20) + 1, 32);

for (const [what, path, answer, expected] of [
  ['null for a client', '/register', json(null), /gives no client/],
  ['null for a token', '/token', json(null), /gives no access token/],
  ['a token of two lines', '/token', json({ access_token: 'a\nb: c' }), /gives no access token/],
  ['null for a list', '/apis?', json(null), /is no list of a control plane/],
  ['[null] for a list', '/apis?', json([null]), /is no list of a control plane/],
  ['a list with null', '/apis?', json({ list: [null, 1] }), /is no list of a control plane/],
  ['an entry without a name', '/apis?', json({ list: [{ id: 'x' }] }), /lists an API without id, name or version/],
  ['the same page for ever', '/apis?', json({ list: pageOf(0) }), /repeats itself/],
  [
    'pages without end',
    '/apis?',
    (r: ServerResponse) => json({ list: pageOf(page++) })(r),
    /lists more than 10000 APIs/,
  ],
  ['a page of more than was asked for', '/apis?', json({ list: [...pageOf(0), api] }), /101 entries; expected 100/],
  ['null for an API', '/apis/', json(null), /no API/],
  ['fields of other kinds', '/apis/', json({ ...api, operations: 1, scopes: 'x' }), /no API of a control plane/],
  ['null for a definition', '/swagger', json(null), /no API of a control plane/],
  ['null for policies', '/policies/', json(null), /is no list of a control plane/],
  ['a redirect', '/apis?', (r: ServerResponse) => void r.writeHead(307, { location: '/stolen' }).end(), /answers 307/],
  ['too much', '/apis?', (r: ServerResponse) => void r.end(much), /\/apis of .* has more than 16777216 bytes$/],
  [
    'packed bytes, which nobody asked for',
    '/apis?',
    (r: ServerResponse) => void r.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(much)),
    /no JSON/,
  ],
  ['escapes', '/register', json({ description: '\u001b[2J\nall is well' }, 400), /: \\u001b\[2J\\u000aall is well$/],
] as const)
  test(`a control plane that answers with ${what} gets a clear error, and nothing is written`, async () => {
    assert.match(await fails([[path, answer]]), expected);
    assert.ok(!asked.some((one) => one.includes('stolen')), 'nothing was followed');
  });
