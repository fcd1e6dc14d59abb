import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { withTokenUrl } from './gateway-options.ts';
import { readSettings } from './settings.ts';

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
