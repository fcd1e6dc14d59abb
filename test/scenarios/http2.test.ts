/** A client of HTTP/2 meets the same gateway: tokens, routes, limits, revocation; to back ends of either version. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import type { ClientHttp2Session } from 'node:http2';
import { after, before, test } from 'node:test';
import { type Backend, startBackend } from '../support/backend.ts';
import { basic, closeConnections } from '../support/call.ts';
import { curl, shell } from '../support/curl.ts';
import { fillStore, resource } from '../support/fill-store.ts';
import { callHttp2, type Http2Backend, openHttp2, startHttp2Backend } from '../support/http2.ts';
import { newDataFolder, type Postern, startPostern } from '../support/postern.ts';
import { missing } from '../support/servers.ts';

const data = newDataFolder();
const form = { 'content-type': 'application/x-www-form-urlencoded' };
let old: Backend;
let modern: Http2Backend;
let postern: Postern;
let apps: Record<string, { key: string; secret: string }>;
let client: ClientHttp2Session;

before(async () => {
  old = await startBackend();
  modern = await startHttp2Backend();
  apps = await fillStore(data, async (fill) => {
    fill.policy({
      level: 'subscription',
      name: '5PerMin',
      limit: { count: 5, windowMs: 60_000 },
      stopOnQuota: true,
    });
    const resources = [resource('GET', '/*'), resource('POST', '/*'), resource('GET', '/open', { authType: 'None' })];
    const one = await fill.api('one', { endpoints: { production: { url: old.url } }, resources });
    const two = await fill.api('two', { endpoints: { production: { url: modern.url } }, resources });
    return {
      free: await fill.application('free', { subscribe: [one, two] }),
      five: await fill.application('five', { subscribe: [one, two], subscriptionTier: '5PerMin' }),
    };
  });
  postern = await startPostern({
    data,
    args: ['--gateway.wire=net', '--gateway.threads=2', `--gateway.backend.http2Origins=${modern.url}`],
  });
  client = await openHttp2(postern.https);
});
after(async () => {
  client?.close();
  closeConnections();
  await postern?.stop();
  await old.close();
  modern.close();
  rmSync(data, { recursive: true, force: true });
});

async function token(app: string): Promise<string> {
  const { key, secret } = apps[app] as { key: string; secret: string };
  const answer = await callHttp2(client, '/token', {
    method: 'POST',
    headers: { ...form, authorization: basic(key, secret) },
    body: 'grant_type=client_credentials',
  });
  assert.equal(answer.status, 200, answer.body);
  return answer.json().access_token;
}

test('200 with a token that came over HTTP/2, from back ends of either version', async () => {
  const headers = { authorization: `Bearer ${await token('free')}`, 'x-a': 'b' };
  for (const api of ['one', 'two']) {
    const answer = await callHttp2(client, `/${api}/1.0.0/a?q=1`, { headers });
    assert.equal(answer.status, 200, answer.body);
    const seen = answer.json();
    assert.deepEqual([seen.method, seen.url, seen.headers['x-a']], ['GET', '/a?q=1', 'b']);
    assert.equal(seen.headers.authorization, undefined);
    assert.equal(seen.headers['x-forwarded-proto'], 'https');
    const posted = await callHttp2(client, `/${api}/1.0.0/a`, { method: 'POST', headers, body: 'x'.repeat(100_000) });
    assert.equal(posted.json().body.length, 100_000);
  }
});

test('100 requests at once share a connection to the back end', async () => {
  const headers = { authorization: `Bearer ${await token('free')}` };
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) => callHttp2(client, `/two/1.0.0/${i}`, { headers })),
  );
  assert.deepEqual(
    answers.map((answer) => answer.json().url),
    Array.from({ length: 100 }, (_, i) => `/${i}`),
  );
  // One for each thread.
  assert.ok(modern.connections <= 2, `${modern.connections} connections`);
});

test('401/900902 without a token, 404 where no API is, 405 for a verb that none has', async () => {
  const refused = await callHttp2(client, '/one/1.0.0/a');
  assert.deepEqual([refused.status, refused.json().fault.code], [401, 900902]);
  assert.match(refused.headers['www-authenticate'] ?? '', /^Bearer/);
  assert.equal((await callHttp2(client, '/nowhere')).status, 404);
  assert.equal((await callHttp2(client, '/one/1.0.0/a', { method: 'DELETE' })).status, 405);
});

test('exactly 5 of 20 simultaneous requests pass a limit of 5, the others get 429/900804', async () => {
  const headers = { authorization: `Bearer ${await token('five')}` };
  const answers = await Promise.all(Array.from({ length: 20 }, () => callHttp2(client, '/one/1.0.0/a', { headers })));
  const refused = answers.filter(({ status }) => status !== 200);
  assert.equal(refused.length, 15);
  for (const answer of refused) assert.deepEqual([answer.status, answer.json().fault.code], [429, 900804]);
});

test('401/900901 after the token was revoked over HTTP/2', async () => {
  const revoked = await token('free');
  const headers = { authorization: `Bearer ${revoked}` };
  assert.equal((await callHttp2(client, '/one/1.0.0/a', { headers })).status, 200);
  const { key, secret } = apps.free as { key: string; secret: string };
  const answer = await callHttp2(client, '/revoke', {
    method: 'POST',
    headers: { ...form, authorization: basic(key, secret) },
    body: `token=${revoked}`,
  });
  assert.equal(answer.status, 200, answer.body);
  for (;;) {
    const after = await callHttp2(client, '/one/1.0.0/a', { headers });
    if (after.status === 200) continue;
    assert.deepEqual([after.status, after.json().fault.code], [401, 900901]);
    break;
  }
});

test('curl speaks HTTP/2 with TLS and without', { skip: missing('curl') }, async () => {
  for (const command of [
    `curl -k --http2 ${postern.https}/one/1.0.0/open`,
    `curl --http2-prior-knowledge ${postern.http}/one/1.0.0/open`,
    `curl --http2-prior-knowledge ${postern.http}/two/1.0.0/open`,
  ]) {
    const answer = await curl(command);
    assert.equal(answer.status, 200, answer.body);
    assert.match(answer.headers, /^HTTP\/2 200/);
  }
});

test('nghttp and h2load speak HTTP/2 with TLS and without', { skip: missing('nghttp') }, async () => {
  for (const address of [postern.https, postern.http]) {
    const { out, err } = await shell(`nghttp -y -n -s ${address}/one/1.0.0/open ${address}/two/1.0.0/open`);
    assert.equal(out.match(/ 200 /g)?.length, 2, out + err);
    const authorization = `-H 'authorization: Bearer ${await token('free')}'`;
    const load = await shell(`h2load -n 2000 -c 4 -m 50 ${authorization} ${address}/two/1.0.0/a`);
    assert.match(load.out, /2000 succeeded, 0 failed/, load.out + load.err);
  }
});
