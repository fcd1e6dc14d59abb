import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { withTokenUrl } from './gateway-options.ts';
import { certificateHosts, readSettings } from './settings.ts';

const data = join(tmpdir(), 'postern-settings-that-are-not-there');
const read = (...flags: string[]) => readSettings({ data, portOffset: 0, flags });
const persistent = '--tokenRevocationConfig.persistent';

test('a source of revocations may be named, if it is the control plane', () => {
  assert.deepEqual(read(`${persistent}.enablePersistentStorageRetrieval`).warnings, []);
  read(
    '--controlPlane.url=https://cp:1',
    '--tokenRevocationConfig.realtime.enableRealtimeMessageRetrieval',
    '--tokenRevocationConfig.realtime.jmsConnectionProviderUrl=https://cp:1/',
  );
});

test('a source of revocations that is not the control plane is refused, and nothing is made', () => {
  const flags = [`${persistent}.enablePersistentStorageRetrieval`, `${persistent}.endpointURL=https://other`];
  assert.throws(() => read(...flags), {
    name: 'ConfigError',
    message: `${persistent}.endpointURL: expected the address of controlPlane.url`,
  });
  assert.equal(existsSync(data), false);
});

test('an address of a control plane that is none is refused as any option is, and shows no password', () => {
  const cases = [
    [['--controlPlane.url=http://localhost:9443'], '--controlPlane.url', 'http://localhost:9443'],
    [['--controlPlane.url=localhost:9443'], '--controlPlane.url', 'localhost:9443'],
    [['--controlPlane.url'], '--controlPlane.url', 'true'],
    [['--controlplane.url=https://me:secret@cp:1'], '--controlplane.url', 'https://…@cp:1'],
    [['--controlPlane.otherUrls=https://a,https://b/x'], '--controlPlane.otherUrls', 'https://b/x'],
  ] as const;
  for (const [flags, where, got] of cases) {
    const message = `${where}: expected https://host:port of a control plane, got "${got}"`;
    assert.throws(() => read(...flags), { name: 'ConfigError', exitCode: 2, message });
  }
  read('--controlPlane.url=');
});

test('a store that is no PostgreSQL database, and a further host that is none, are refused by name', () => {
  for (const url of ['mysql://user:hush@x/y', 'x', 'postgresql:x']) {
    assert.throws(
      () => read(`--store.url=${url}`),
      ({ name, message }: Error) =>
        name === 'ConfigError' && /store\.url: expected postgresql:/.test(message) && !/hush/.test(message),
    );
  }
  assert.equal(read('--store.url=postgres://x/y').options.store.url, 'postgres://x/y');
  for (const host of ['https://node1', 'node1:9443', '*.example.com', '0.0.0.0', 'a b']) {
    assert.throws(
      () => read(`--server.otherHosts=node2,${host}`),
      /server\.otherHosts: expected names or IP addresses/,
    );
  }
  const { options } = read('--server.publicHost=manage.example', '--server.otherHosts=node1.example,10.0.0.7,[::7]');
  assert.deepEqual(certificateHosts({ options }).slice(0, 4), ['manage.example', 'node1.example', '10.0.0.7', '[::7]']);
});

test('what has no effect is a warning', () => {
  assert.match(read('--keyManager.external=true').warnings.join(), /^--keyManager\.external has no effect: /);
});

describe('a warning for introspection with OAuth2 that can not work', () => {
  const oauth2 = '--keyManager.security.oauth2';
  const notAccepted = 'is empty: until it is given, opaque tokens are not accepted';
  const cases: [what: string, flags: string[], warnings: string[]][] = [
    [
      'no client',
      ['enabled', 'clientCredential.enabled'],
      [`clientCredential.clientId ${notAccepted}`, `clientCredential.clientSecret ${notAccepted}`],
    ],
    [
      'a client',
      ['enabled', 'clientCredential.enabled', 'clientCredential.clientId=a', 'clientCredential.clientSecret=b'],
      [],
    ],
    ['no client is shown', ['enabled', 'credentialBearer=NO_BEARER', 'clientCredential.enabled'], []],
    [
      'no user',
      ['enabled', 'password.enabled', 'password.clientId=a'],
      [`password.username ${notAccepted}`, `password.password ${notAccepted}`],
    ],
    ['no token', ['enabled', 'directToken.enabled'], [`directToken.accessToken ${notAccepted}`]],
    [
      'nothing to renew it with',
      ['enabled', 'directToken.enabled', 'directToken.accessToken=t', 'refresh.enabled', 'refresh.clientId=a'],
      ["refresh.refreshToken is empty: the token for introspection can't be renewed"],
    ],
    [
      'a grant, but not OAuth2 itself',
      ['clientCredential.enabled'],
      ['clientCredential.enabled has no effect: keyManager.security.oauth2.enabled is not true'],
    ],
  ];
  for (const [what, flags, warnings] of cases) {
    test(what, () => {
      const given = read(...flags.map((flag) => `${oauth2}.${flag}`)).warnings;
      assert.deepEqual(
        given.map((line) => line.replace(/^(--)?keyManager\.security\.oauth2\./, '')),
        warnings,
      );
    });
  }
});

test('the token endpoint for introspection is the key manager’s, unless another is given', () => {
  const tokenUrl = (...flags: string[]) => withTokenUrl(read(...flags).options.keyManager).security.oauth2.tokenUrl;
  assert.equal(tokenUrl(), 'https://localhost:9443/oauth2/token');
  assert.equal(tokenUrl('--keyManager.security.oauth2.tokenUrl=https://x/t'), 'https://x/t');
});

test('a key manager is reached by HTTPS only', () => {
  assert.throws(() => read('--keyManager.serverUrl=http://km'), { message: /serverUrl: expected an https address$/ });
});
