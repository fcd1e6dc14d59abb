/**
 * Damaged configuration files: each is refused with a clear error or works; none crashes, hangs or tells a secret.
 *
 * MUTATIONS=1000 tries more of them, MUTATION_SEED=7 begins elsewhere; the default is for every day.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { toToml } from '../../platform/config/document.ts';
import { OperatorError } from '../../platform/operator-error.ts';
import { basicUsersOf } from './basic-users.ts';
import { storePath } from './configuration.ts';
import { issuersOf } from './issuers.ts';
import { microgatewaySchema } from './options/index.ts';
import { readSettings } from './settings.ts';

const count = Number(process.env.MUTATIONS ?? 200);
const firstSeed = Number(process.env.MUTATION_SEED ?? 1);

const folder = mkdtempSync(join(tmpdir(), 'postern-mutations-'));
after(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'micro-gw.conf');

const secret = 'hush-4711';
const written = `
[listenerConfig]
httpPort = 9090
keyStore.path = "keys.p12"
keyStorePassword = "${secret}"
[keyManager]
serverUrl = "https://localhost:9443"
username = "admin"
password = "${secret}"
[keymanager.security.oauth2]
enabled = true
credentialBearer = "AUTH_HEADER_BEARER"
[keymanager.security.oauth2.clientCredential]
enabled = true
clientId = "id"
clientSecret = "${secret}"
[[jwtTokenConfig]]
issuer = "https://a"
jwksURL = "https://a/jwks"
  [[jwtTokenConfig.claims]]
  remoteClaim = "scp"
  localClaim = "scope"
[[jwtTokenConfig]]
issuer = "https://b"
audience = "x"
jwksURL = "https://b/jwks"
validateSubscription = true
[apim.eventHub]
enable = true
password = "${secret}"
[tokenRevocationConfig.persistent]
enablePersistentStorageRetrieval = true
[b7a.users.admin]
password = "@sha256:{${'a'.repeat(64)}}"
scopes = "a, b"
[b7a.users."x.y"]
password = "d033e22ae348aeb5660fc2140aec35850c4da997"
[mutualSSLConfig]
[[mutualSSLConfig.api.certificates]]
name = "Shop"
version = "1.0.0"
aliasList = ["a", "b"]
[jwtGeneratorConfig.claimRetrieval.configuration]
k = "v"
`;
const complete = toToml(microgatewaySchema, 'All.').replace(/^# ((?:\w+|<key>) = (?!not set)|\[)/gm, '$1');

/** The same numbers for the same seed (xorshift). */
function randomOf(seed: number): (below: number) => number {
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const odd = [
  '"', "'", '[', ']', '[[', ']]', '{', '}', '=', '.', '#', '\n', '\\', '\u0000', '\ufeff', '\r', '\u{1f600}', '-1', '1e999',
  'nan', 'true', '[]', '{}', '2020-01-01', '"""', "'''", '[[jwtTokenConfig]]\n', '[b7a.users]\n', '__proto__', 'constructor.x = 1\n',
  '9'.repeat(400), '['.repeat(3000), 'a.'.repeat(500),
]; // biome-ignore format: one line of odd things is easier to read

/** One thing done to a text. */
const mutations: ((text: string, random: (below: number) => number) => string)[] = [
  (text, random) => without(text, random(text.length), random(30)),
  (text, random) => inserted(text, random(text.length), odd[random(odd.length)] as string),
  (text, random) => text.slice(0, random(text.length)),
  (text, random) => lines(text, (all) => all.toSpliced(random(all.length), 1)),
  (text, random) => lines(text, (all) => all.toSpliced(random(all.length), 0, all[random(all.length)] as string)),
  (text, random) =>
    lines(text, (all) => {
      const at = random(all.length);
      return all.with(at, (all[at] as string).replace(/=.*$/, `= ${odd[random(odd.length)]}`));
    }),
  (text, random) => {
    const at = random(text.length);
    return `${text.slice(0, at)}${String.fromCharCode(32 + random(95))}${text.slice(at + 1)}`;
  },
];

function without(text: string, at: number, length: number): string {
  return text.slice(0, at) + text.slice(at + length);
}

function inserted(text: string, at: number, what: string): string {
  return text.slice(0, at) + what + text.slice(at);
}

function lines(text: string, change: (all: string[]) => string[]): string {
  return change(text.split('\n')).join('\n');
}

/** Whether every secret still stands at a key that is known to hold one: elsewhere nobody can tell that it is one. */
function isSecretInPlace(text: string): boolean {
  const intact = new RegExp(`^\\s*(\\w+\\.)?\\w*(password|secret) = "${secret}"$`, 'i');
  return text.split('\n').every((line) => !line.includes(secret) || intact.test(line));
}

/** Everything that `postern run` makes of a configuration before it starts anything. */
function configure(): void {
  const { configuration } = readSettings({ artifact: 'a', data: folder, config: file, portOffset: 0, flags: [] });
  issuersOf(configuration, {
    trustStore: null,
    hasHub: false,
    schemes: new Set(['oauth2', 'api_key']),
    warn: () => undefined,
  });
  basicUsersOf(configuration);
  storePath(configuration, 'trustStorePath');
  storePath(configuration, 'keyStorePath');
}

test(`${count} damaged configuration files`, () => {
  let refused = 0;
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const random = randomOf(seed);
    let text = random(4) === 0 ? complete : written;
    for (let n = 1 + random(3); n > 0; n--) {
      text = (mutations[random(mutations.length)] as (typeof mutations)[number])(text, random);
    }
    writeFileSync(file, text);
    const began = performance.now();
    try {
      configure();
    } catch (error) {
      refused++;
      assert.ok(error instanceof OperatorError, `MUTATION_SEED=${seed}: ${(error as Error).stack}`);
      assert.ok(
        !isSecretInPlace(text) || !error.message.includes(secret),
        `MUTATION_SEED=${seed} tells a secret: ${error.message}`,
      );
      for (const line of error.message.split('\n')) assert.match(line, /\S.{10}/, `MUTATION_SEED=${seed}`);
      assert.doesNotMatch(error.message, /undefined|\[object|TypeError/, `MUTATION_SEED=${seed}`);
    }
    assert.ok(performance.now() - began < 2000, `MUTATION_SEED=${seed} took ${performance.now() - began} ms`);
  }
  assert.deepEqual(readdirSync(folder), ['micro-gw.conf']);
  // Neither outcome is rare: what is tested is both.
  assert.ok(refused > count / 5 && refused < count, `${refused} of ${count} were refused`);
});
