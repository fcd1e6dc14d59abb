/** Grants as modules of somebody else, the example of the documentation first of all. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  type AuthorizationServer,
  addClient,
  startAuthorizationServer,
} from '../../../../test/conformance/authorization-server.ts';
import { refused } from '../../../../test/conformance/code-flow.ts';
import { ManualClock } from '../../../platform/clock.ts';
import { allGrants } from './load-custom-grants.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-grants-'));
after(() => rmSync(folder, { recursive: true }));

let files = 0;
function module(source: string, extension = 'mjs'): string {
  const file = join(folder, `grant-${files++}.${extension}`);
  writeFileSync(file, source);
  return file;
}

const documented = /```js\n([\s\S]*?)```/.exec(
  readFileSync(new URL('../../../../docs/grants.md', import.meta.url), 'utf8'),
)?.[1] as string;

async function startWith(source: string, extension?: string, clock = new ManualClock(Date.now())) {
  const server = await startAuthorizationServer({ clock, options: { customGrants: [module(source, extension)] } });
  await server.km.users.create({ name: 'mary', password: 'marys', roles: [] });
  return server;
}

const ask = (server: AuthorizationServer, key: Awaited<ReturnType<typeof addClient>> | null, form: object) =>
  server.post('/oauth2/token', { ...form } as Record<string, string>, key);

test('the example of the documentation: a voucher gives a token once, and what is no voucher none', async () => {
  process.env.VOUCHER_SECRET = 'a secret';
  const clock = new ManualClock(Date.now());
  await using server = await startWith(documented, 'mjs', clock);
  const grant_type = 'urn:example:grant-type:voucher';
  const key = await addClient(server, { grantTypes: [grant_type, 'refresh_token'] });
  const voucher = (user: string, expires: number, secret = 'a secret') =>
    `${user}.${expires}.${createHmac('sha256', secret).update(`${user}.${expires}`).digest('base64url')}`;
  const soon = Math.floor(clock.now() / 1000) + 60;

  const good = { grant_type, voucher: voucher('mary', soon), scope: 'device_1 nothing' };
  const answers = await Promise.all([ask(server, key, good), ask(server, key, good)]);
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 400]);
  const { json } = answers.find(({ status }) => status === 200) as (typeof answers)[0];
  assert.deepEqual([json.scope, json.expires_in, json.refresh_token], ['device_1', 600, undefined]);
  const found = await server.post('/oauth2/introspect', { token: json.access_token }, key);
  assert.equal(found.json.sub, 'mary@carbon.super');

  refused(await ask(server, key, good), 'invalid_grant');
  refused(await ask(server, key, { grant_type, voucher: voucher('mary', soon, 'another') }), 'invalid_grant');
  refused(await ask(server, key, { grant_type, voucher: voucher('nobody', soon) }), 'invalid_grant');
  refused(await ask(server, key, { grant_type, voucher: voucher('mary', soon - 60) }), 'invalid_grant');
  refused(await ask(server, key, { grant_type }), 'invalid_request');
  refused(await ask(server, null, good), 'invalid_client', 401);
  refused(await ask(server, await addClient(server), good), 'unauthorized_client');

  const metadata = await (await fetch(`${server.url}/.well-known/oauth-authorization-server`)).json();
  assert.ok((metadata as { grant_types_supported: string[] }).grant_types_supported.includes(grant_type));
  assert.ok(server.km.grantTypes.includes(grant_type));
});

test('TypeScript, an export by default, passwords, a refresh token; parameters that are not listed are not seen', async () => {
  await using server = await startWith(
    `export default {
       grantType: 'pin', parameters: ['user', 'pin'],
       async handle(request: any) {
         const user = await request.verifyUser(request.require('user'), request.require('pin'));
         if (!user) request.refuse('wrong pin');
         if (request.get('scope') !== null) throw new Error('seen');
         return request.issue({ user: user.fullName, scopes: ['device_2'], refreshToken: true });
       },
     };`,
    'ts',
  );
  const key = await addClient(server, { grantTypes: ['pin', 'refresh_token'] });
  const { json, text } = await ask(server, key, { grant_type: 'pin', user: 'mary', pin: 'marys', scope: 'device_1' });
  assert.equal(json.scope, 'device_2', text);
  const next = await ask(server, key, { grant_type: 'refresh_token', refresh_token: json.refresh_token });
  assert.equal(next.status, 200);
  refused(await ask(server, key, { grant_type: 'pin', user: 'mary', pin: 'wrong' }), 'invalid_grant');
});

test('500 that says nothing when handle throws, returns something else, or issues twice', async () => {
  for (const body of [
    'throw new Error("a secret");',
    'return { access: { value: "x", expiresAt: 9e9 }, refreshToken: null, scope: "all" };',
    'await request.issue({ user: "mary" }); return undefined;',
    'await request.issue({ user: "mary" }); return request.issue({ user: "mary" });',
    'return request.issue({ user: "mary", validity: -1 });',
  ]) {
    await using server = await startWith(
      `export const grantType = 'x', parameters = []; export async function handle(request) { ${body} }`,
    );
    const answer = await ask(server, await addClient(server, { grantTypes: ['x'] }), { grant_type: 'x' });
    refused(answer, 'server_error', 500);
    assert.doesNotMatch(answer.text, /secret/);
  }
});

test('an error that names the file when a module can not be loaded or lacks what it has to export', async () => {
  const handle = 'export function handle() {}';
  for (const [source, expected] of [
    ['export const grantType =', /can not be loaded/],
    ['', /grantType/],
    ["export const grantType = 'a b';", /grantType/],
    ["export const grantType = 'a';", /parameters/],
    ["export const grantType = 'a', parameters = ['client_secret'];", /parameters/],
    ["export const grantType = 'a', parameters = [];", /handle/],
    [`export const grantType = 'password', parameters = []; ${handle}`, /no other grant/],
  ] as const) {
    const file = module(source);
    await assert.rejects(allGrants([file]), (error: Error) => {
      assert.match(error.message, expected);
      return error.message.startsWith(`tokens.customGrants: ${file}`);
    });
  }
  await assert.rejects(allGrants([join(folder, 'missing.mjs')]), /missing\.mjs can not be loaded/);
});
