/**
 * The Token API's `curl` commands as users have known them for years: with a password, with scopes, refresh, revoke.
 * The command lines stand here as published, with the placeholders filled in and the ports of this test's process.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type CurlAnswer, curl } from '../../support/curl.ts';
import { type Postern, startPostern } from '../../support/postern.ts';
import { missing } from '../../support/servers.ts';

const skip = missing('curl');

const commands = {
  password: `curl -k -d "grant_type=password&username=<username>&password=<password>" -H "Authorization: Basic SVpzSWk2SERiQjVlOFZLZFpBblVpX2ZaM2Y4YTpHbTBiSjZvV1Y4ZkM1T1FMTGxDNmpzbEFDVzhh" -H "Content-Type: application/x-www-form-urlencoded" https://localhost:8243/token`,
  scopes: `curl -k -d "grant_type=password&username=<username>&password=<password>&scope=<scope1> <scope2>" -H "Authorization: Basic SVpzSWk2SERiQjVlOFZLZFpBblVpX2ZaM2Y4YTpHbTBiSjZvV1Y4ZkM1T1FMTGxDNmpzbEFDVzhh" -H "Content-Type: application/x-www-form-urlencoded" https://localhost:8243/token`,
  refresh: `curl -k -d "grant_type=refresh_token&refresh_token=<retoken>&scope=PRODUCTION" -H "Authorization: Basic SVpzSWk2SERiQjVlOFZLZFpBblVpX2ZaM2Y4YTpHbTBiSjZvV1Y4ZkM1T1FMTGxDNmpzbEFDVzhh" -H "Content-Type: application/x-www-form-urlencoded" https://localhost:8243/token`,
  revoke: `curl -k -d "token=<ACCESS_TOKEN_TO_BE_REVOKED>" -H "Authorization: Basic Base64Encoded(Consumer key:consumer secret)" http://localhost:8280/revoke`,
  revokeJti: `curl -k -v -d "token=<jti>" -H "Authorization: Basic <base64-encoded-string>" -H "Content-Type: application/x-www-form-urlencoded" https://localhost:8243/revoke`,
};

let postern: Postern;

before(async () => {
  if (!skip) postern = await startPostern();
});
after(async () => {
  await postern?.stop();
});

/** Runs a published command with its placeholders filled in. */
function run(command: string, fill: Readonly<Record<string, string>> = {}): Promise<CurlAnswer> {
  const credentials = Buffer.from(`${postern.key}:${postern.secret}`).toString('base64');
  let line = command
    .replace(/Basic [^"]+/, `Basic ${credentials}`)
    .replace('https://localhost:8243', postern.https)
    .replace('http://localhost:8280', postern.http);
  for (const [placeholder, value] of Object.entries({ username: 'admin', password: 'admin', ...fill })) {
    line = line.replace(`<${placeholder}>`, value);
  }
  assert.doesNotMatch(line, /<\w+>/, 'a placeholder was left');
  return curl(line);
}

const invoke = (token: string, path = '/menu', method = 'GET'): Promise<CurlAnswer> =>
  curl(
    `curl -k -X ${method} -H "Authorization: Bearer ${token}" -H "Content-Type: application/json" ` +
      `${method === 'PUT' ? `-d '{"pizzaType":"Hawaiian"}' ` : ''}${postern.https}/pizzashack/1.0.0${path}`,
  );

const tokenOf = (
  answer: CurlAnswer,
): Record<string, string | number> & { access_token: string; refresh_token: string } => {
  assert.equal(answer.status, 200, answer.body);
  return JSON.parse(answer.body);
};
const codeOf = (answer: CurlAnswer): number => JSON.parse(answer.body).fault.code;

test('200 with an access and a refresh token for user name and password; the token is good for the API', {
  skip,
}, async () => {
  const answer = await run(commands.password);
  const token = tokenOf(answer);
  assert.equal(token.token_type, 'Bearer');
  const left = Number(token.expires_in);
  // Seconds may have passed since the token's time was taken: the password is checked after it.
  assert.ok(left >= 3590 && left <= 3600, String(left));
  assert.equal(token.access_token.split('.').length, 3);
  assert.ok(token.refresh_token);
  assert.match(answer.headers, /cache-control: no-store/i);
  assert.equal((await invoke(token.access_token)).status, 200);
});

test('400 invalid_grant for a wrong password', { skip }, async () => {
  const answer = await run(commands.password, { password: 'wrong' });
  assert.equal(answer.status, 400);
  assert.equal(JSON.parse(answer.body).error, 'invalid_grant');
});

test('a token for the scopes order:read and order:update may update; 403/900910 for one that was issued for order:read', {
  skip,
}, async () => {
  const both = tokenOf(await run(commands.scopes, { scope1: 'order:read', scope2: 'order:update' }));
  assert.deepEqual(String(both.scope).split(' ').sort(), ['order:read', 'order:update']);
  // There is no such order: the back end answers, so the gateway let it pass.
  assert.equal((await invoke(both.access_token, '/order/1', 'PUT')).status, 404);

  const read = tokenOf(await run(commands.scopes.replace(' <scope2>', ''), { scope1: 'order:read' }));
  assert.equal(read.scope, 'order:read');
  assert.equal((await invoke(read.access_token, '/order/1')).status, 404);
  const refused = await invoke(read.access_token, '/order/1', 'PUT');
  assert.equal(refused.status, 403);
  assert.equal(codeOf(refused), 900910);
  assert.match(refused.headers, /www-authenticate: Bearer .*insufficient_scope.*scope="order:update"/i);
});

test('a refresh token gives new tokens; it can be used only once', { skip }, async () => {
  const first = tokenOf(await run(commands.password));
  const second = tokenOf(await run(commands.refresh, { retoken: first.refresh_token }));
  assert.notEqual(second.access_token, first.access_token);
  assert.notEqual(second.refresh_token, first.refresh_token);
  assert.equal((await invoke(second.access_token)).status, 200);
  const third = tokenOf(await run(commands.refresh, { retoken: second.refresh_token }));
  // Its successor has been used: now its reuse is taken for theft, and all that came of it is revoked.
  const reused = await run(commands.refresh, { retoken: first.refresh_token });
  assert.equal(reused.status, 400);
  assert.equal(JSON.parse(reused.body).error, 'invalid_grant');
  assert.equal((await invoke(third.access_token)).status, 401);
});

test('401/900901 after the token was revoked at port 8280', { skip }, async () => {
  const { access_token } = tokenOf(await run(commands.password));
  assert.equal((await invoke(access_token)).status, 200);
  const revoked = await run(commands.revoke, { ACCESS_TOKEN_TO_BE_REVOKED: access_token });
  assert.equal(revoked.status, 200, revoked.body);
  const refused = await invoke(access_token);
  assert.equal(refused.status, 401);
  assert.equal(codeOf(refused), 900901);
});

test('401/900901 after the token was revoked by its jti', { skip }, async () => {
  const { access_token } = tokenOf(await run(commands.password));
  assert.equal((await invoke(access_token)).status, 200);
  const { jti } = JSON.parse(Buffer.from(access_token.split('.')[1] as string, 'base64url').toString());
  assert.equal((await run(commands.revokeJti, { jti })).status, 200);
  const refused = await invoke(access_token);
  assert.equal(refused.status, 401);
  assert.equal(codeOf(refused), 900901);
});
