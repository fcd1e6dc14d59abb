import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import tls from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { type Certificates, openCertificates } from './certificates.ts';
import { silentLog } from './log.ts';
import { RestError } from './rest-error.ts';
import { createRestServer, isEnrolledGateway } from './rest-server.ts';

const dir = mkdtempSync(join(tmpdir(), 'postern-rest-'));
let certificates: Certificates;
let app: FastifyInstance;
let port: number;
let ready: boolean | string = false;

before(async () => {
  certificates = await openCertificates(dir);
  app = serve();
  port = await listen(app);
});
after(async () => {
  await app.close();
  rmSync(dir, { recursive: true, force: true });
});

function serve(): FastifyInstance {
  const server = createRestServer({
    tls: certificates.server,
    ca: certificates.ca,
    log: silentLog,
    ready: () => ready,
    bodyLimit: 1000,
    requestTimeout: 300,
    closeTimeout: 100,
  });
  server.post('/things', async (request) => request.body);
  server.get('/things/:id/parts', async (request) => ({ gateway: isEnrolledGateway(request) }));
  server.get('/broken', async () => {
    throw new Error('secret detail');
  });
  server.get('/refused', async () => {
    throw new RestError(409, 'There is one already.', [{ code: 'name', message: 'taken' }]);
  });
  const schema = { body: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } } };
  server.post('/checked', { schema }, async () => 'fine');
  server.get('/endless', (_request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200).write('begun');
  });
  return server;
}

async function listen(server: FastifyInstance): Promise<number> {
  await server.listen({ host: '127.0.0.1', port: 0 });
  return (server.server.address() as AddressInfo).port;
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: Record<string, unknown>;
  readonly body: Record<string, unknown>;
}

async function call(method: string, path: string, body?: string, options: https.RequestOptions = {}): Promise<Answer> {
  const request = https.request({
    port,
    host: '127.0.0.1',
    ca: certificates.ca,
    method,
    path,
    agent: false,
    ...options,
  });
  if (body !== undefined && !options.headers) request.setHeader('content-type', 'application/json');
  request.end(body);
  const [response] = await once(request, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, headers: response.headers, body: JSON.parse(text || '{}') };
}

function assertError(answer: Answer, status: number, description: RegExp): void {
  assert.equal(answer.status, status);
  assert.match(String(answer.headers['content-type']), /^application\/json/);
  assert.deepEqual(Object.keys(answer.body), ['code', 'message', 'description', 'moreInfo', 'error']);
  assert.equal(answer.body.code, status);
  assert.match(String(answer.body.description), description);
}

/** Sends raw bytes over TLS and gives back everything that comes until the end. */
async function raw(bytes: string): Promise<string> {
  const socket = tls.connect({ host: '127.0.0.1', port, ca: certificates.ca, servername: '' });
  socket.write(bytes);
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text;
}

test('200 at /health; 503, then 200 at /ready', async () => {
  assert.deepEqual((await call('GET', '/health')).body, { status: 'healthy' });
  assert.equal((await call('GET', '/ready')).status, 503);
  ready = 'it is too early';
  const { status, body } = await call('GET', '/ready');
  assert.deepEqual([status, body], [503, { status: 'not ready', description: 'it is too early' }]);
  ready = true;
  assert.deepEqual((await call('GET', '/ready')).body, { status: 'ready' });
});

test('503 whose cause is logged by somebody else is not logged with every request; another one is', async () => {
  class Away extends RestError {
    override readonly isLogged: boolean;
    constructor(isLogged: boolean) {
      super(503, 'It is away.');
      this.cause = new Error('why');
      this.isLogged = isLogged;
    }
  }
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  const server = createRestServer({ tls: certificates.server, ca: certificates.ca, log });
  server.get('/away/:logged', async (request) => {
    throw new Away((request.params as { logged: string }).logged === 'yes');
  });
  const at = { port: await listen(server) };
  try {
    for (const path of ['/away/yes', '/away/yes', '/away/no']) {
      assertError(await call('GET', path, undefined, at), 503, /It is away/);
    }
  } finally {
    await server.close();
  }
  assert.equal(lines.length, 1);
  assert.match(lines.join(), /"message":"why".*"route":"\/away\/:logged","msg":"request failed"/);
});

test('no header says what server it is', async () => {
  const { headers } = await call('GET', '/health');
  assert.deepEqual(Object.keys(headers).sort(), ['connection', 'content-length', 'content-type', 'date']);
});

test('404 at an unknown path', async () =>
  assertError(await call('GET', '/nowhere?x=1'), 404, /nothing at \/nowhere\.$/));

test('405 with Allow at a known path', async () => {
  const answer = await call('DELETE', '/things/7/parts?x=1');
  assertError(answer, 405, /no method DELETE; it has GET, HEAD/);
  assert.equal(answer.headers.allow, 'GET, HEAD');
});

test('400 when the path is not valid percent-encoding', async () => {
  assertError(await call('GET', '/things/%E0%A4%A/parts'), 400, /not a valid url/);
});

test('400 when the JSON is malformed or empty', async () => {
  assertError(await call('POST', '/things', '{"a":'), 400, /./);
  assertError(await call('POST', '/things', ''), 400, /./);
});

test('413 when the body is over the limit', async () => {
  assertError(await call('POST', '/things', JSON.stringify('x'.repeat(1000))), 413, /larger than the \d+ bytes/);
  // More than the buffers of a connection hold: the answer must not be lost with the rest of the body.
  const agent = new https.Agent({ keepAlive: true });
  assertError(await call('POST', '/things', JSON.stringify('x'.repeat(20_000_000)), { agent }), 413, /larger than/);
  agent.destroy();
});

test('415 when the content type is unknown', async () => {
  assertError(await call('POST', '/things', 'x', { headers: { 'content-type': 'image/png' } }), 415, /./);
});

test('400 with the fields when a body does not fit its schema', async () => {
  const answer = await call('POST', '/checked', '{}');
  assertError(answer, 400, /name/);
  assert.equal((answer.body.error as unknown[]).length, 1);
});

test('a RestError is sent as it is', async () => {
  const answer = await call('GET', '/refused');
  assertError(answer, 409, /There is one already/);
  assert.deepEqual(answer.body.error, [{ code: 'name', message: 'taken' }]);
});

test('500 without a detail when a route fails', async () => {
  const answer = await call('GET', '/broken');
  assertError(answer, 500, /could not complete/);
  assert.doesNotMatch(JSON.stringify(answer.body), /secret detail|at /);
});

test('400 when it is not HTTP', async () => {
  const answer = await raw('this is not HTTP\r\n\r\n');
  assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n.*"description":"The request is not valid HTTP\/1\.1\."/s);
});

test('431 when the head is too large, also when much more of it follows', async () => {
  const answer = await raw(`GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(2_000_000)}\r\n\r\n`);
  assert.match(answer, /^HTTP\/1\.1 431 Request Header Fields Too Large\r\n.*"code":431/s);
});

test('TLS 1.1 is refused', async () => {
  const socket = tls.connect({
    host: '127.0.0.1',
    port,
    rejectUnauthorized: false,
    maxVersion: 'TLSv1.1',
    minVersion: 'TLSv1',
  });
  const [error] = await once(socket, 'error');
  assert.ok(error);
});

test('a gateway is told by its certificate, also on a resumed TLS session; nobody else is', async () => {
  const path = '/things/7/parts';
  const other = await openCertificates(join(dir, 'other'));
  assert.equal((await call('GET', path)).body.gateway, false);
  assert.equal((await call('GET', path, undefined, { ...other.gateway })).body.gateway, false);
  assert.equal((await call('GET', path, undefined, { ...certificates.server })).body.gateway, false);
  const agent = new https.Agent({ maxCachedSessions: 10 });
  for (const resumed of [false, true]) {
    const request = https.get({ port, host: '127.0.0.1', ca: certificates.ca, path, agent, ...certificates.gateway });
    const [response] = await once(request, 'response');
    let text = '';
    for await (const chunk of response) text += chunk;
    assert.deepEqual(JSON.parse(text), { gateway: true });
    assert.equal((request.socket as tls.TLSSocket).isSessionReused(), resumed);
  }
});

test('close ends idle connections at once and cuts what is left after its time', async () => {
  const server = serve();
  const own = await listen(server);
  const agent = new https.Agent({ keepAlive: true });
  const idle = https.get({ port: own, host: '127.0.0.1', ca: certificates.ca, path: '/health', agent });
  const [answer] = await once(idle, 'response');
  answer.resume();
  await once(answer, 'end');
  const endless = https.get({ port: own, host: '127.0.0.1', ca: certificates.ca, path: '/endless', agent: false });
  const [response] = await once(endless, 'response');
  response.resume();
  const cut = once(response, 'error');
  await server.close();
  await cut;
  agent.destroy();
});
