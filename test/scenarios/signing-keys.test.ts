/** Signing keys that change under a gateway at work: `postern keys`, against a real key manager. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { decodeProtectedHeader } from 'jose';
import { type Answer, basic, call, closeConnections, postForm } from '../support/call.ts';
import { commandLine } from '../support/command-line.ts';
import { newDataFolder, type Postern, runPostern, startPostern } from '../support/postern.ts';
import { missing } from '../support/servers.ts';

let postern: Postern;
let folder: string;
/** The password of key stores. */
let right: string;
const { ok, fails } = commandLine(() => ({ POSTERN_HOME: folder }));

before(async () => {
  postern = await startPostern({ args: ['--gateway.threads=2'] });
  folder = newDataFolder();
  right = join(folder, 'right');
  writeFileSync(right, 'store secret\n');
  await ok('env', 'add', 'dev', '--url', postern.server, '--ca', join(postern.data, 'certificates', 'ca.pem'));
  await ok('login', 'dev', '-u', 'admin', '-p', 'admin');
});
after(async () => {
  closeConnections();
  await postern?.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Key {
  readonly kid: string;
  readonly algorithm: string;
  readonly phase: string;
}

const keys = async (...args: string[]): Promise<Key[]> =>
  JSON.parse((await ok('keys', ...args, '-e', 'dev', '--output', 'json')).out);
const signing = async (algorithm: string): Promise<string | undefined> =>
  (await keys('list')).find((key) => key.algorithm === algorithm && key.phase === 'SIGNING')?.kid;

async function issue(): Promise<string> {
  const form = { grant_type: 'client_credentials' };
  const answer = await postForm(`${postern.http}/token`, form, basic(postern.key, postern.secret));
  assert.equal(answer.status, 200, answer.body);
  return answer.json().access_token;
}

const use = (token: string): Promise<Answer> =>
  call(`${postern.http}/pizzashack/1.0.0/menu`, { headers: { authorization: `Bearer ${token}` } });

const kidOf = (token: string) => decodeProtectedHeader(token).kid as string;

/**
 * Gets tokens and calls with them all the time, with new ones at once and with old ones again.
 * @returns the function that ends it, and gives what was refused
 */
function load(): { readonly tokens: string[]; end(): Promise<string[]> } {
  const tokens: string[] = [];
  const failures: string[] = [];
  let running = true;
  const work = async (): Promise<void> => {
    for (let at = 0; running; at++) {
      try {
        const fresh = await issue();
        tokens.push(fresh);
        for (const token of [fresh, tokens[at % tokens.length] as string, tokens[0] as string]) {
          const { status, body } = await use(token);
          if (status !== 200) failures.push(`${kidOf(token)}: ${status} ${body}`);
        }
      } catch (error) {
        failures.push((error as Error).message);
      }
    }
  };
  const all = [work(), work(), work()];
  return {
    tokens,
    async end() {
      running = false;
      await Promise.all(all);
      return failures;
    },
  };
}

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  for (const from = performance.now(); !(await what()); await new Promise((resolve) => setTimeout(resolve, 50))) {
    assert.ok(performance.now() - from < 30_000, 'it did not happen');
  }
}

test('rotated under load: no call is refused, with the old key or the new; then the old one is revoked: 401', async () => {
  const old = await signing('RS256');
  const { tokens, end } = load();
  await until(() => tokens.length > 5);
  const [next] = await keys('rotate', '--after', '5s');
  assert.equal(next?.phase, 'NEXT');
  await until(() => kidOf(tokens.at(-1) as string) === next?.kid);
  const times = tokens.length;
  await until(() => tokens.length > times + 20);
  assert.deepEqual(await end(), []);
  assert.deepEqual([...new Set(tokens.map(kidOf))], [old, next?.kid]);
  const first = tokens[0] as string;
  assert.equal((await use(first)).status, 200);
  assert.equal((await keys('list')).find(({ kid }) => kid === old)?.phase, 'ENDED');

  const revoked = await ok('keys', 'revoke', old as string, '-e', 'dev');
  assert.match(revoked.err, /whatever it signed is refused/);
  for (const from = performance.now(); (await use(first)).status !== 401; ) {
    assert.ok(performance.now() - from < 1000, 'a token of the revoked key is still accepted after 1 s');
  }
  assert.equal((await use(tokens.at(-1) as string)).status, 200);
  const introspected = await postForm(
    `${postern.server}/oauth2/introspect`,
    { token: first },
    basic(postern.key, postern.secret),
  );
  assert.deepEqual(introspected.json(), { active: false });
});

test('the key that signs is revoked: its tokens are refused, 401, and another key signs at once', async () => {
  const old = await signing('RS256');
  const before = await issue();
  assert.equal((await use(before)).status, 200);
  await keys('revoke', old as string);
  const fresh = await issue();
  assert.notEqual(kidOf(fresh), old);
  await until(async () => (await use(fresh)).status === 200);
  assert.equal((await use(before)).status, 401);
});

test('an imported key signs; what it signed outlives its retirement', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const file = join(folder, 'key.pem');
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open' }));
  writeFileSync(join(folder, 'passphrase'), 'open\n');
  writeFileSync(join(folder, 'wrong'), 'shut\n');
  const given = ['import', file, '--after', '5s', '-e', 'dev', '--passphrase-file'];
  assert.match(
    await fails(1, 'keys', ...given, join(folder, 'wrong')),
    /--passphrase-file: the key does not open with it/,
  );
  await ok('keys', ...given, join(folder, 'passphrase'));
  const imported = (await keys('list')).find(({ phase }) => phase === 'NEXT')?.kid;
  let token = '';
  await until(async () => {
    token = await issue();
    return kidOf(token) === imported;
  });
  assert.equal((await use(token)).status, 200);
  assert.match(await fails(1, 'keys', 'retire', imported as string, '-e', 'dev'), /only key of RS256; rotate first/);
  const [next] = await keys('rotate');
  let answer = '';
  await until(async () => {
    // A next key that was made a moment ago is not taken yet.
    answer = await ok('keys', 'retire', imported as string, '-e', 'dev').then(
      ({ err }) => err,
      () => '',
    );
    return answer !== '';
  });
  assert.match(answer, /what it signed stays good until it expires/);
  assert.equal(kidOf(await issue()), next?.kid);
  assert.equal((await use(token)).status, 200);
  assert.ok(!postern.log().includes('PRIVATE KEY'));
});

/** What ends with 0, with this on standard input. */
async function importFrom(input: string, ...args: string[]): Promise<Key> {
  const all = ['keys', 'import', ...args, '-e', 'dev', '--output', 'json'];
  const { status, out, err } = await runPostern(all, { POSTERN_HOME: folder }, input);
  assert.equal(status, 0, err);
  return JSON.parse(out)[0];
}

/** It is published, and taken back. */
async function isOurs(key: Key, publicKey: KeyObject): Promise<void> {
  const answer = await call(`${postern.server}/oauth2/jwks`);
  const jwk = answer.json().keys.find(({ kid }: { kid: string }) => kid === key.kid);
  assert.ok(createPublicKey({ key: jwk, format: 'jwk' }).equals(publicKey));
  await ok('keys', 'retire', key.kid, '-e', 'dev');
}

const certificateOf = (file: string, alias: string): KeyObject => {
  const how = ['-exportcert', '-rfc', '-alias', alias, '-keystore', file, '-storepass', 'store secret'];
  return new X509Certificate(execFileSync('keytool', how, { stdio: 'pipe' })).publicKey;
};
const pair = (file: string, alias: string, kind: string[], type: string, keyPassword = 'store secret') =>
  execFileSync(
    'keytool',
    ['-genkeypair', '-alias', alias, ...kind, '-dname', `CN=${alias}`, '-keystore', file, '-storetype', type].concat([
      ...['-storepass', 'store secret', '-keypass', keyPassword],
    ]),
    { stdio: 'pipe' },
  );
const rsa = ['-keyalg', 'RSA', '-keysize', '2048'];

test('a key in a PKCS#12 of openssl is imported by its alias; a wrong password, a wrong alias and a weak key are refused', {
  skip: missing('openssl'),
}, async () => {
  const [key, crt, store] = ['p12.key', 'p12.crt', 'keys.p12'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const run = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  run(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-subj',
    '/CN=issuer',
    '-keyout',
    key,
    '-out',
    crt,
  );
  run(
    'pkcs12',
    '-export',
    '-in',
    crt,
    '-inkey',
    key,
    '-name',
    'Issuer',
    '-passout',
    'pass:store secret',
    '-out',
    store,
  );
  const imported = await importFrom('store secret\n', '--store', store, '--alias', 'issuer', '--password-file', '-');
  assert.deepEqual([imported.algorithm, imported.phase], ['ES256', 'NEXT']);
  await isOurs(imported, createPublicKey(readFileSync(key)));

  const from = ['keys', 'import', '--store', store, '-e', 'dev', '--password-file'];
  const wrong = await fails(1, ...from, join(folder, 'wrong'));
  assert.match(wrong, /keys\.p12: the password is wrong/);
  assert.ok(!wrong.includes('shut'));
  assert.match(
    await fails(2, ...from, right, '--alias', 'other'),
    /keys\.p12: expected the alias of one private key in it; there are: Issuer/,
  );
  const weak = join(folder, 'weak.p12');
  run('req', '-x509', '-newkey', 'rsa:1024', '-nodes', '-subj', '/CN=weak', '-keyout', key, '-out', crt);
  run('pkcs12', '-export', '-in', crt, '-inkey', key, '-passout', 'pass:store secret', '-out', weak);
  assert.match(
    await fails(1, 'keys', 'import', '--store', weak, '-e', 'dev', '--password-file', right),
    /key: expected RSA of 2048 to 4096 bits, .*, got RSA of 1024 bits/,
  );
});

test('a key in a JKS is imported by alias and a password of its own, whatever password others in it have', {
  skip: missing('keytool'),
}, async () => {
  const store = join(folder, 'keys.jks');
  pair(store, 'first', rsa, 'JKS');
  pair(store, 'second', rsa, 'JKS', 'key secret');
  writeFileSync(join(folder, 'key password'), 'key secret\n');
  const from = ['--store', store, '--password-file', '-', '--algorithm', 'RS256', '--alias'];
  await isOurs(await importFrom('store secret', ...from, 'FIRST'), certificateOf(store, 'first'));
  const second = [...from, 'second', '--key-password-file', join(folder, 'key password')];
  await isOurs(await importFrom('store secret', ...second), certificateOf(store, 'second'));
  const { status, err } = await runPostern(
    ['keys', 'import', ...from, 'second', '-e', 'dev'],
    { POSTERN_HOME: folder },
    'store secret',
  );
  assert.equal(status, 1);
  assert.match(err, /keys\.jks: the password of the private key is wrong.*is given by --key-password-file FILE/);
  const wrong = ['keys', 'import', ...second.with(-1, join(folder, 'wrong')), '-e', 'dev'];
  const answer = await runPostern(wrong, { POSTERN_HOME: folder }, 'store secret');
  assert.deepEqual([answer.status, /was given by --key-password-file$/m.test(answer.err)], [1, true], answer.err);
  assert.match(
    await fails(2, 'keys', 'import', '--store', store, '--alias', 'third', '-e', 'dev', '--password-file', right),
    /there are: first, second/,
  );
});

test('what makes no sense is refused', async () => {
  assert.match(
    await fails(1, 'keys', 'rotate', '--algorithm', 'HS256', '-e', 'dev'),
    /--algorithm: expected RS256 or ES256/,
  );
  assert.match(await fails(1, 'keys', 'rotate', '--after', '1s', '-e', 'dev'), /--after: expected at least 5 s/);
  assert.match(await fails(5, 'keys', 'retire', 'nothing', '-e', 'dev'), /no signing key nothing/);
  writeFileSync(join(folder, 'store.p12'), Buffer.from([0x30, 0x82]));
  assert.match(
    await fails(2, 'keys', 'import', join(folder, 'store.p12'), '-e', 'dev'),
    /expected a private key in PEM; one in PKCS#12 or JKS is imported by --store/,
  );
  const key = join(folder, 'key.pem');
  assert.match(await fails(2, 'keys', 'import', '-e', 'dev'), /expected a file in PEM, or --store FILE/);
  assert.match(
    await fails(2, 'keys', 'import', key, '--store', key, '-e', 'dev'),
    /expected a file in PEM, or --store/,
  );
  assert.match(
    await fails(2, 'keys', 'import', key, '--key-password-file', key, '-e', 'dev'),
    /--key-password-file goes/,
  );
  assert.match(await fails(2, 'keys', 'import', '--store', key, '--passphrase-file', key, '-e', 'dev'), /is for PEM/);
  assert.match(await fails(2, 'keys', '-e', 'dev'), /required option '-n, --name <name>'/);
});
