/** Each refusal that the gateway can give, by the requests that deserve it. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { type Backend, startBackend } from '../support/backend.ts';
import { type Answer, basic, type CallOptions, call, closeConnections, postForm } from '../support/call.ts';
import { fillStore, resource } from '../support/fill-store.ts';
import { newDataFolder, type Postern, startPostern } from '../support/postern.ts';

type Keys = { key: string; secret: string };

const data = newDataFolder();
const cors = {
  allowOrigins: ['https://good.example'],
  allowHeaders: ['authorization'],
  allowMethods: ['GET'],
  allowCredentials: true,
};
let backend: Backend;
let silent: Backend;
let rude: Backend;
let nonsense: Backend;
let postern: Postern;
let apps: Record<
  'main' | 'sandbox' | 'opaque' | 'blocked' | 'prodBlocked' | 'prodBlockedSandbox' | 'onHold' | 'stranger',
  Keys
>;
const tokens = new Map<string, string>();

before(async () => {
  backend = await startBackend();
  silent = await startBackend(() => undefined);
  rude = await startBackend((request) => request.socket.destroy());
  nonsense = await startBackend((request) => request.socket.end('this is not HTTP\r\n\r\n'));
  const closed = await startBackend();
  await closed.close();
  apps = await fillStore(data, async (fill) => {
    const production = { url: backend.url };
    const shop = await fill.api('shop', {
      resources: [
        resource('GET', '/menu'),
        resource('POST', '/menu'),
        resource('GET', '/order/{id}', { scopes: ['read', 'update'] }),
        resource('GET', '/app', { authType: 'Application' }),
        resource('GET', '/user', { authType: 'Application User' }),
        resource('GET', '/open', { authType: 'None' }),
        resource('GET', '/lost', { tier: 'NoSuchPolicy' }),
      ],
      scopes: [
        { name: 'read', roles: [] },
        { name: 'update', roles: ['nobody'] },
      ],
      endpoints: { production: { url: `${backend.url}/base/` } },
      cors,
    });
    const more = [
      await fill.api('plain', { endpoints: { production } }),
      await fill.api('closed', { endpoints: { production: { url: closed.url } } }),
      await fill.api('silent', { endpoints: { production: { url: silent.url, timeout: 200 } } }),
      await fill.api('rude', { endpoints: { production: { url: rude.url } } }),
      await fill.api('nonsense', { endpoints: { production: { url: nonsense.url } } }),
      await fill.api('broken', { endpoints: { production: { url: 'http://host:99999' } } }),
      await fill.api('wide', {
        resources: [
          resource('GET', '/*'),
          resource('GET', '/admin/{id}', { scopes: ['update'] }),
          resource('GET', '/items:purge', { scopes: ['update'] }),
          resource('GET', '/menü', { scopes: ['update'] }),
        ],
        endpoints: { production },
      }),
      await fill.api('halted', { status: 'BLOCKED', endpoints: { production } }),
      await fill.api('draft', { status: 'CREATED', endpoints: { production } }),
    ];
    const subscribe = [shop, ...more];
    return {
      main: await fill.application('main', { subscribe }),
      sandbox: await fill.application('sandbox', { subscribe, keyType: 'SANDBOX' }),
      opaque: await fill.application('opaque', { subscribe, tokenType: 'OPAQUE' }),
      blocked: await fill.application('blocked', { subscribe, state: 'BLOCKED' }),
      prodBlocked: await fill.application('prodBlocked', { subscribe, state: 'PROD_ONLY_BLOCKED' }),
      prodBlockedSandbox: await fill.application('prodBlockedSandbox', {
        subscribe,
        state: 'PROD_ONLY_BLOCKED',
        keyType: 'SANDBOX',
      }),
      onHold: await fill.application('onHold', { subscribe, state: 'ON_HOLD' }),
      stranger: await fill.application('stranger'),
    };
  });
  postern = await startPostern({
    data,
    args: ['--gateway.threads=2', '--gateway.maxHeadSize=8192', '--gateway.maxTargetLength=2048'],
  });
});
after(async () => {
  closeConnections();
  await postern?.stop();
  for (const one of [backend, silent, rude, nonsense]) await one.close();
  rmSync(data, { recursive: true, force: true });
});

async function tokenOf(app: keyof typeof apps, form: Record<string, string> = {}): Promise<string> {
  const id = JSON.stringify([app, form]);
  let token = tokens.get(id);
  if (!token) {
    const { key, secret } = apps[app];
    const answer = await postForm(
      `${postern.http}/token`,
      { grant_type: 'client_credentials', ...form },
      basic(key, secret),
    );
    assert.equal(answer.status, 200, answer.body);
    token = answer.json().access_token as string;
    tokens.set(id, token);
  }
  return token;
}

const password = { grant_type: 'password', username: 'admin', password: 'admin' };

function ask(path: string, token: string | null, options: CallOptions = {}): Promise<Answer> {
  const headers = { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...options.headers };
  return call(`${postern.http}${path}`, { ...options, headers });
}

function assertFault(answer: Answer, status: number, code: number): void {
  assert.equal(answer.status, status, answer.body);
  assert.match(String(answer.headers['content-type']), /^application\/json/);
  assert.equal(answer.json().fault.code, code);
  assert.ok(answer.json().fault.description);
}

/** Parts of a JWT changed by the attacker; the signature stays unless it says otherwise. */
function forge(
  token: string,
  change: (header: Record<string, unknown>, claims: Record<string, unknown>) => void,
): string {
  const [head, body, signature] = token.split('.') as [string, string, string];
  const header = JSON.parse(Buffer.from(head, 'base64url').toString());
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
  change(header, claims);
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${encode(header)}.${encode(claims)}.${header.alg === 'none' ? '' : signature}`;
}

test('200 for a subscribed application, with what the back end is told', async () => {
  const answer = await ask('/shop/1.0.0/menu?a=1&b=%20x', await tokenOf('main'));
  assert.equal(answer.status, 200, answer.body);
  const seen = answer.json();
  assert.equal(seen.url, '/base/menu?a=1&b=%20x');
  assert.equal(seen.headers.authorization, undefined, 'the token stays here');
  assert.equal(seen.headers.host, new URL(backend.url).host);
  assert.equal(seen.headers['x-forwarded-for'], '127.0.0.1');
  assert.equal(seen.headers['x-forwarded-proto'], 'http');
});

test('200 for an opaque token, and its body reaches the back end', async () => {
  const body = 'x'.repeat(300_000);
  const answer = await ask('/shop/1.0.0/menu', await tokenOf('opaque'), { method: 'POST', body });
  assert.equal(answer.status, 200);
  assert.equal(answer.json().body, body);
});

test('404 for an unknown API, version or resource, and for one that is not published', async () => {
  const token = await tokenOf('main');
  for (const path of [
    '/',
    '/nothing',
    '/shop/menu',
    '/shop/1.0.1/menu',
    '/shop/1.0.0/other',
    '/draft/1.0.0/x',
    '/token/x',
  ]) {
    assertFault(await ask(path, token), 404, 404);
  }
});

test('405 for a verb that the resource lacks, with Allow', async () => {
  const answer = await ask('/shop/1.0.0/menu', await tokenOf('main'), { method: 'DELETE' });
  assertFault(answer, 405, 405);
  assert.equal(answer.headers.allow, 'GET, POST, HEAD');
  assertFault(await ask('/token', null), 405, 405);
});

test('400 for a path with dot segments, however encoded', async () => {
  const token = await tokenOf('main');
  // A client library would resolve them; a raw request does not.
  const bad = ['/x/../menu', '/%2e%2e/menu', '/%', '/a%5cb', '/a%2fb', '/%2F..%2Fmenu', '/a%00'];
  for (const path of bad.map((rest) => `/shop/1.0.0${rest}`)) {
    const answer = await raw(
      `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`,
    );
    assert.match(answer, /^HTTP\/1\.1 400 /, path);
  }
});

test('a resource is found by every spelling of its path, and so are its scopes', async () => {
  const token = await tokenOf('main');
  for (const path of [
    '/shop/1.0.0/order/1',
    '/shop/1.0.0/%6Frder/1',
    '/shop/1.0.0//order/1',
    '/shop/1.0.0/order;x=1/1',
  ]) {
    assertFault(await ask(path, token), 403, 900910);
  }
});

test('403/900910 for every spelling of a resource that has a scope, beside one that catches everything', async () => {
  const token = await tokenOf('main');
  assert.equal((await ask('/wide/1.0.0/other', token)).status, 200);
  for (const path of [
    '/admin/1',
    '/%61dmin/1',
    '/admin;a=b/1',
    '//admin//1',
    '/admin/1/',
    '/items:purge',
    '/items%3Apurge',
    '/items%3apurge',
    '/men%C3%BC',
    '/men%c3%bc',
  ]) {
    assertFault(await ask(`/wide/1.0.0${path}`, token), 403, 900910);
  }
  // This one back ends may or may not take for /admin/1.
  assertFault(await ask('/wide/1.0.0/admin%2F1', token), 400, 400);
});

test('500/900967 for an API that can not be compiled, and only for it', async () => {
  for (let i = 0; i < 4; i++) assertFault(await ask('/broken/1.0.0/x', null), 500, 900967);
  assert.equal((await ask('/plain/1.0.0/x', await tokenOf('main'))).status, 200);
  assert.equal((await call(`${postern.admin}/status`)).json().threads.replaced, 0);
});

test('401/900902 without credentials, with a bare challenge', async () => {
  for (const headers of [{}, { authorization: '' }, { authorization: 'bearer' }, { authorization: 'Bearer ' }]) {
    const answer = await call(`${postern.http}/shop/1.0.0/menu`, { headers });
    assertFault(answer, 401, 900902);
    assert.equal(answer.headers['www-authenticate'], 'Bearer realm="Postern"');
  }
});

test('401/900917 for another scheme', async () => {
  for (const authorization of ['Basic YWRtaW46YWRtaW4=', 'Bearerx abc', 'Token x']) {
    assertFault(await call(`${postern.http}/shop/1.0.0/menu`, { headers: { authorization } }), 401, 900917);
  }
});

test('401/900901 for a token that is malformed, forged or unknown', async () => {
  const good = await tokenOf('main');
  const [head, body, signature] = good.split('.') as [string, string, string];
  const flipped = Buffer.from(signature, 'base64url');
  flipped[5] = (flipped[5] as number) ^ 1;
  const bad: Record<string, string> = {
    'an unknown opaque token': 'abcdef0123456789',
    'two parts': `${head}.${body}`,
    'four parts': `${good}.x`,
    'an empty signature': `${head}.${body}.`,
    'a changed signature': `${head}.${body}.${flipped.toString('base64url')}`,
    'another spelling of the signature': `${good}=`,
    'a space in it': `${head}.${body} .${signature}`,
    'alg none': forge(good, (header) => void (header.alg = 'none')),
    'alg HS256': forge(good, (header) => void (header.alg = 'HS256')),
    'another alg of the same kind of key': forge(good, (header) => void (header.alg = 'RS512')),
    'an unknown kid': forge(good, (header) => void (header.kid = 'other')),
    'a critical extension': forge(good, (header) => void (header.crit = ['exp'])),
    'another subject': forge(good, (_, claims) => void (claims.sub = 'root@carbon.super')),
    'another issuer': forge(good, (_, claims) => void (claims.iss = 'https://evil.example')),
    'a later expiry': forge(good, (_, claims) => void (claims.exp = 4_000_000_000)),
    'an array for claims': `${head}.${Buffer.from('[]').toString('base64url')}.${signature}`,
    'no JSON': `${Buffer.from('{').toString('base64url')}.${body}.${signature}`,
  };
  for (const [what, token] of Object.entries(bad)) {
    // Twice: a refusal that is remembered is still a refusal.
    for (let i = 0; i < 2; i++) {
      const answer = await ask('/shop/1.0.0/menu', token);
      assert.equal(answer.status, 401, `${what}: ${answer.body}`);
      assert.equal(answer.json().fault.code, 900901, what);
      assert.match(String(answer.headers['www-authenticate']), /^Bearer realm="Postern", error="invalid_token"/);
    }
  }
  // The non-canonical spelling that decodes to the same bytes.
  const last = signature.at(-1) as string;
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const twin = `${head}.${body}.${signature.slice(0, -1)}${alphabet[alphabet.indexOf(last) ^ 1]}`;
  assert.deepEqual(Buffer.from(twin.split('.')[2] as string, 'base64url'), Buffer.from(signature, 'base64url'));
  assertFault(await ask('/shop/1.0.0/menu', twin), 401, 900901);
});

test('401/900903 when the token is over, JWT and opaque', async () => {
  for (const app of ['main', 'opaque'] as const) {
    const token = await tokenOf(app, { validity_period: '2', scope: 'device_short' });
    assert.equal((await ask('/shop/1.0.0/menu', token)).status, 200);
    const from = Date.now();
    let answer = await ask('/shop/1.0.0/menu', token);
    while (answer.status === 200) {
      assert.ok(Date.now() - from < 4000, 'still accepted after its expiry');
      answer = await ask('/shop/1.0.0/menu', token);
    }
    assertFault(answer, 401, 900903);
  }
});

test('403/900910 without the scope, which the challenge names; any one of several suffices', async () => {
  const answer = await ask('/shop/1.0.0/order/1', await tokenOf('main'));
  assertFault(answer, 403, 900910);
  assert.match(String(answer.headers['www-authenticate']), /error="insufficient_scope", scope="read update"/);
  assert.equal((await ask('/shop/1.0.0/order/1', await tokenOf('main', { scope: 'read' }))).status, 200);
});

test("401/900905 for an application's token where a user's is wanted, and the other way round", async () => {
  const ofApplication = await tokenOf('main');
  const ofUser = await tokenOf('main', password);
  assert.equal((await ask('/shop/1.0.0/app', ofApplication)).status, 200);
  assert.equal((await ask('/shop/1.0.0/user', ofUser)).status, 200);
  assertFault(await ask('/shop/1.0.0/user', ofApplication), 401, 900905);
  assertFault(await ask('/shop/1.0.0/app', ofUser), 401, 900905);
});

test('403 by the state of the subscription', async () => {
  assertFault(await ask('/shop/1.0.0/menu', await tokenOf('stranger')), 403, 900908);
  assertFault(await ask('/shop/1.0.0/menu', await tokenOf('blocked')), 403, 900907);
  assertFault(await ask('/shop/1.0.0/menu', await tokenOf('prodBlocked')), 403, 900907);
  assertFault(await ask('/shop/1.0.0/menu', await tokenOf('onHold')), 403, 900909);
  // Only production is blocked; this key has no sandbox endpoint to go to, but that is another matter.
  assertFault(await ask('/shop/1.0.0/menu', await tokenOf('prodBlockedSandbox')), 403, 900901);
});

test('403/900901 when the API has no endpoint for the type of key', async () => {
  const answer = await ask('/shop/1.0.0/menu', await tokenOf('sandbox'));
  assertFault(answer, 403, 900901);
  assert.match(answer.json().fault.description, /sandbox/);
});

test('500/900809 when a policy is missing', async () => {
  assertFault(await ask('/shop/1.0.0/lost', await tokenOf('main')), 500, 900809);
});

test('503/700700 while the API is blocked', async () => {
  assertFault(await ask('/halted/1.0.0/x', await tokenOf('main')), 503, 700700);
});

test('an open resource needs no token', async () => {
  assert.equal((await ask('/shop/1.0.0/open', null)).status, 200);
  assert.equal((await ask('/shop/1.0.0/open', 'rubbish')).status, 200);
});

test('503, 504 and 502 for a back end that is dead, silent, rude or talks nonsense', async () => {
  const token = await tokenOf('main');
  assertFault(await ask('/closed/1.0.0/x', token), 503, 101503);
  assertFault(await ask('/silent/1.0.0/x', token), 504, 101504);
  assertFault(await ask('/rude/1.0.0/x', token), 502, 101505);
  assertFault(await ask('/nonsense/1.0.0/x', token), 502, 101506);
});

test('CORS: a preflight is answered, answers and refusals can be read by the listed origin only', async () => {
  const preflight = await ask('/shop/1.0.0/menu', null, {
    method: 'OPTIONS',
    headers: { origin: 'https://good.example', 'access-control-request-method': 'GET' },
  });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers['access-control-allow-origin'], 'https://good.example');
  assert.equal(preflight.headers['access-control-allow-methods'], 'GET');
  const refused = await ask('/shop/1.0.0/menu', null, { headers: { origin: 'https://good.example' } });
  assertFault(refused, 401, 900902);
  assert.equal(refused.headers['access-control-allow-origin'], 'https://good.example');
  const passed = await ask('/shop/1.0.0/menu', await tokenOf('main'), { headers: { origin: 'https://good.example' } });
  assert.equal(passed.headers['access-control-allow-origin'], 'https://good.example');
  const other = await ask('/shop/1.0.0/menu', await tokenOf('main'), { headers: { origin: 'https://evil.example' } });
  assert.equal(other.headers['access-control-allow-origin'], undefined);
  const elsewhere = await ask('/plain/1.0.0/x', null, {
    method: 'OPTIONS',
    headers: { origin: 'https://good.example', 'access-control-request-method': 'GET' },
  });
  assertFault(elsewhere, 405, 405);
});

test('the admin port answers to names of this machine only', async () => {
  assert.equal((await call(`${postern.admin}/status`, { headers: { host: 'evil.example' } })).status, 403);
  assert.equal((await call(`${postern.admin}/status`, { headers: { host: 'localhost:1' } })).status, 200);
});

test('431, 414 and 400 for a request that can not be read', async () => {
  assert.match(
    await raw(`GET / HTTP/1.1\r\nHost: x\r\nX-Big: ${'a'.repeat(9000)}\r\n\r\n`),
    /^HTTP\/1\.1 431 .*"code":431/s,
  );
  assert.match(await raw(`GET /${'a'.repeat(3000)} HTTP/1.1\r\nHost: x\r\n\r\n`), /^HTTP\/1\.1 414 .*"code":414/s);
  assert.match(await raw('GARBAGE\r\n\r\n'), /^HTTP\/1\.1 400 .*"code":400/s);
  assert.match(await raw('GET / HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 400 /);
  const smuggled =
    'POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
  assert.match(await raw(smuggled), /^HTTP\/1\.1 400 /);
});

test('XML when the client prefers it, a SOAP fault to a SOAP request', async () => {
  const xml = await ask('/shop/1.0.0/menu', null, { headers: { accept: 'application/xml' } });
  assert.equal(xml.status, 401);
  assert.match(xml.body, /<am:code>900902<\/am:code>/);
  const soap = await ask('/shop/1.0.0/menu', null, {
    method: 'POST',
    headers: { 'content-type': 'text/xml', soapaction: '"x"' },
    body: '<x/>',
  });
  assert.match(soap.body, /soapenv:Fault/);
});

test('the metrics and the access log know of it; neither holds a credential', async () => {
  const metrics = (await call(`${postern.admin}/metrics`)).body;
  assert.match(metrics, /postern_faults_total\{api="shop",version="1\.0\.0",code="900902"\} [1-9]/);
  assert.match(metrics, /postern_requests_total\{api="shop",version="1\.0\.0",status="2xx"\} [1-9]/);
  assert.match(metrics, /postern_request_seconds_bucket\{api="shop",version="1\.0\.0",le="\+Inf"\} [1-9]/);
});

test('the metrics count what was refused before it was a request of an API', async () => {
  const counted = async (): Promise<number> => {
    const { body } = await call(`${postern.admin}/metrics`);
    return Number(/^postern_faults_total\{api="",version="",code="431"\} (\d+)$/m.exec(body)?.[1] ?? 0);
  };
  const before = await counted();
  assert.match(await raw(`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(9000)}\r\n\r\n`), /^HTTP\/1\.1 431 /);
  assert.equal(await counted(), before + 1);
});

/** Sends bytes and returns whatever comes until the connection ends. */
function raw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(postern.http);
    const socket = connect(Number(port), hostname === 'localhost' ? '127.0.0.1' : hostname);
    let text = '';
    socket.setEncoding('latin1');
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer')));
    socket.on('data', (chunk: string) => void (text += chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
    socket.write(bytes);
  });
}
