import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
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

test('the token endpoint for introspection is the key manager’s, unless another is given', () => {
  const tokenUrl = (...flags: string[]) => withTokenUrl(read(...flags).options.keyManager).security.oauth2.tokenUrl;
  assert.equal(tokenUrl(), 'https://localhost:9443/oauth2/token');
  assert.equal(tokenUrl('--keyManager.security.oauth2.tokenUrl=https://x/t'), 'https://x/t');
});

test('a key manager is reached by HTTPS only', () => {
  assert.throws(() => read('--keyManager.serverUrl=http://km'), { message: /serverUrl: expected an https address$/ });
});
