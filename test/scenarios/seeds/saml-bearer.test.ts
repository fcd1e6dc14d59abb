/**
 * SAML assertions exchanged for tokens, by the commands that users have known for years: a key store of keytool, the identity
 * provider's certificate exported and registered, an assertion made from the store, and `curl` for the token. The command
 * lines stand here as published but for keytool's questions, which are answered by options, the names of files, which
 * were not the same throughout, and the JAR that made assertions, in whose place is `postern saml-assertion`.
 */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { call, closeConnections } from '../../support/call.ts';
import { commandLine } from '../../support/command-line.ts';
import { type CurlAnswer, curl, shell } from '../../support/curl.ts';
import { newDataFolder, type Postern, startPostern } from '../../support/postern.ts';
import { missing } from '../../support/servers.ts';

const skip = missing('curl') || missing('keytool') || missing('openssl');

const commands = {
  key: 'keytool -genkey -alias wookie -keyalg RSA -keystore wookieKeystore.jks -keysize 4096',
  certificate: 'keytool -v -export -file wookie.cer -keystore wookieKeystore.jks -alias wookie',
  token: `curl -k -d "grant_type=urn:ietf:params:oauth:grant-type:saml2-bearer&assertion=<base64-URL_encoded_assertion>&scope=PRODUCTION" -H "Authorization: Basic <base64_encoded_consumer-key:consumer-secret>" -H "Content-Type: application/x-www-form-urlencoded" https://localhost:8243/token`,
  refresh: `curl -k -d "grant_type=refresh_token&refresh_token=<retoken>&scope=PRODUCTION" -H "Authorization: Basic SVpzSWk2SERiQjVlOFZLZFpBblVpX2ZaM2Y4YTpHbTBiSjZvV1Y4ZkM1T1FMTGxDNmpzbEFDVzhh" -H "Content-Type: application/x-www-form-urlencoded" https://localhost:8243/token`,
};
const answers = '-dname CN=wookie -storepass wookie1 -noprompt';

let postern: Postern;
let folder: string;
const { ok, fails } = commandLine(() => ({ POSTERN_HOME: folder }));

before(async () => {
  if (skip) return;
  postern = await startPostern({ args: ['--gateway.threads=1'] });
  folder = newDataFolder();
  await ok('env', 'add', 'dev', '--url', postern.server, '--ca', join(postern.data, 'certificates', 'ca.pem'));
  await ok('login', 'dev', '-u', 'admin', '-p', 'admin');
  for (const command of [`${commands.key} ${answers}`, `${commands.certificate} -storepass wookie1`]) {
    const { status, out, err } = await shell(`cd ${folder} && ${command}`);
    assert.equal(status, 0, out + err);
  }
  const described = ['--entity-id', 'TestSP', '--certificate', at('wookie.cer'), '--alias', tokenUrl()];
  const urls = ['--sso-url', 'https://localhost:9444/samlsso/', '--service-provider-entity-id', 'TestSP'];
  await ok('identity-provider', 'add', 'wso2is', '-e', 'dev', ...described, ...urls);
});
after(async () => {
  closeConnections();
  await postern?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const at = (file: string): string => join(folder, file);
/** As the one at 9443 is called here. */
const tokenUrl = (): string => `${postern.server}/oauth2/token`;

/** `SAML2AssertionCreator.jar` with its arguments in their order; the base64url form. */
async function assertion(issuer = 'TestSP', name = 'admin', keyStore = 'wookieKeystore.jks'): Promise<string> {
  const url = tokenUrl();
  const { out } = await ok('saml-assertion', issuer, name, url, url, at(keyStore), 'wookie1', 'wookie', 'wookie1');
  const [xml, , encoded] = out.split('\n');
  assert.match(xml as string, /^<saml:Assertion /);
  assert.equal(Buffer.from(encoded as string, 'base64url').toString(), xml);
  return encoded as string;
}

function run(command: string, fill: Readonly<Record<string, string>>): Promise<CurlAnswer> {
  const credentials = Buffer.from(`${postern.key}:${postern.secret}`).toString('base64');
  let line = command.replace(/Basic [^"]+/, `Basic ${credentials}`).replace('https://localhost:8243', postern.https);
  for (const [placeholder, value] of Object.entries(fill)) line = line.replace(`<${placeholder}>`, value);
  return curl(line);
}

const exchange = (encoded: string): Promise<CurlAnswer> =>
  run(commands.token, { 'base64-URL_encoded_assertion': encoded });
const tokensOf = (answer: CurlAnswer): { access_token: string; refresh_token: string; expires_in: number } => {
  assert.equal(answer.status, 200, answer.body);
  return JSON.parse(answer.body);
};
const menu = (token: string) =>
  call(`${postern.https}/pizzashack/1.0.0/menu`, { headers: { authorization: `Bearer ${token}` } });

test('an assertion gives an access token that is good for the API, and a refresh token that renews it', {
  skip,
}, async () => {
  const tokens = tokensOf(await exchange(await assertion()));
  assert.ok(tokens.expires_in > 0 && tokens.expires_in <= 300, String(tokens.expires_in));
  assert.equal((await menu(tokens.access_token)).status, 200);
  const renewed = tokensOf(await run(commands.refresh, { retoken: tokens.refresh_token }));
  assert.equal((await menu(renewed.access_token)).status, 200);
});

test('the token endpoint of the key manager takes one that was made for the gateway, as it is the same', {
  skip,
}, async () => {
  const url = `${postern.https}/token`;
  const store = [at('wookieKeystore.jks'), 'wookie1', 'wookie', 'wookie1'];
  const { out } = await ok('saml-assertion', 'TestSP', 'admin', url, `urn:x,${url}`, ...store, '--output', 'base64url');
  const atKeyManager = commands.token.replace('https://localhost:8243/token', tokenUrl());
  tokensOf(await run(atKeyManager, { 'base64-URL_encoded_assertion': out.trim() }));
});

test('400 invalid_grant for an assertion that was used, is by another key, or of an unknown issuer', {
  skip,
}, async () => {
  const refused = async (encoded: string) => {
    const answer = await exchange(encoded);
    assert.deepEqual([answer.status, JSON.parse(answer.body).error], [400, 'invalid_grant'], answer.body);
  };
  const used = await assertion();
  tokensOf(await exchange(used));
  await refused(used);
  const made = await shell(`cd ${folder} && ${commands.key.replace('wookieKeystore', 'other')} ${answers}`);
  assert.equal(made.status, 0, made.err);
  await refused(await assertion('TestSP', 'admin', 'other.jks'));
  await refused(await assertion('stranger'));
});

test('keys are taken from JKS, PKCS#12 and PEM, certificates from DER, JKS and PKCS#12', { skip }, async () => {
  const url = tokenUrl();
  const jks = '-alias k -keyalg RSA -dname CN=k -storepass storepass -keypass keypass1 -storetype JKS';
  const steps = [
    `keytool -genkeypair -keystore k.jks ${jks}`,
    'keytool -importkeystore -noprompt -srckeystore k.jks -srcstorepass storepass -srckeypass keypass1 -srcalias k -destkeystore k.p12 -deststoretype PKCS12 -deststorepass storepass -destkeypass storepass',
    'openssl pkcs12 -in k.p12 -passin pass:storepass -nodes -nocerts -out k.pem',
  ];
  for (const step of steps) {
    const { status, err } = await shell(`cd ${folder} && ${step}`);
    assert.equal(status, 0, err);
  }
  await ok(
    'identity-provider',
    'add',
    'jks',
    '-e',
    'dev',
    '--entity-id',
    'k',
    '--certificate',
    at('k.jks'),
    '--store-password',
    'storepass',
  );
  for (const key of [[at('k.jks'), 'storepass', 'k', 'keypass1'], [at('k.p12'), 'storepass', 'k'], [at('k.pem')]]) {
    const { out } = await ok('saml-assertion', 'k', 'admin', url, url, ...key, '--output', 'base64url');
    tokensOf(await exchange(out.trim()));
  }
  assert.match(
    await fails(1, 'saml-assertion', 'k', 'admin', url, url, at('k.jks'), 'storepass', 'k', 'wrong'),
    /password/,
  );
  assert.match(await fails(2, 'saml-assertion', 'k', 'admin', url, url, at('k.p12'), 'storepass', 'x'), /there are: k/);
});

test('a provider is shown, changed, switched off and removed; what it gave dies with its trust', { skip }, async () => {
  const refusedWithin = async (token: string) => {
    for (const from = performance.now(); (await menu(token)).status !== 401; ) {
      assert.ok(performance.now() - from < 5000, 'the token is still accepted after 5 s');
    }
  };
  const { access_token: first } = tokensOf(await exchange(await assertion()));
  assert.equal((await menu(first)).status, 200);
  await ok('identity-provider', 'disable', 'wso2is', '-e', 'dev');
  await refusedWithin(first);
  assert.equal((await exchange(await assertion())).status, 400);
  await ok('identity-provider', 'enable', 'wso2is', '-e', 'dev');

  await ok(
    'identity-provider',
    'change',
    'wso2is',
    '-e',
    'dev',
    '--role',
    'staff=Internal/creator',
    '--claim',
    'mail=email',
  );
  const shown = JSON.parse((await ok('identity-provider', 'show', 'wso2is', '-e', 'dev', '--output', 'json')).out);
  assert.deepEqual(shown.roles, { staff: ['Internal/creator'] });
  assert.deepEqual(shown.claims, { mail: 'email' });
  assert.equal(shown.entityId, 'TestSP');
  assert.equal(shown.certificates[0].subject, 'CN=wookie');
  assert.match((await ok('identity-provider', 'list', '-e', 'dev')).out, /wso2is +true +TestSP/);

  const forJane = async () => tokensOf(await exchange(await assertion('TestSP', 'jane@example.com'))).access_token;
  const hers = await forJane();
  assert.equal((await menu(hers)).status, 200);
  await ok('revoke', '--user', 'FEDERATED:wso2is/jane@example.com@carbon.super', '-e', 'dev');
  await refusedWithin(hers);
  const second = await forJane();
  assert.equal((await menu(second)).status, 200);
  await ok('identity-provider', 'remove', 'wso2is', '-e', 'dev');
  await refusedWithin(second);
  assert.match(
    await fails(5, 'identity-provider', 'show', 'wso2is', '-e', 'dev'),
    /there is no identity provider wso2is/,
  );
});
