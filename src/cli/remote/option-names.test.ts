import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../fail.ts';
import { inOptions } from './option-names.ts';
import { RemoteError } from './remote-error.ts';

const said = (message: string): Promise<RemoteError> =>
  inOptions({ certificates: '--certificate', signsAfter: '--after' }, Promise.reject(new RemoteError(message, 5))).then(
    () => assert.fail(),
    (error) => error,
  );

test('fields of a body are called as the options that they come from, each of several', async () => {
  for (const [message, expected] of [
    ['body/ssoUrl: expected an address', '--sso-url: expected an address'],
    ['body/saml2/nameIdFormat: expected a name', '--name-id-format: expected a name'],
    ['body/certificates/1: expected a key: RSA', '--certificate: expected a key: RSA'],
    [
      'body/alias: expected text; body/oidc/userInfo: expected boolean',
      '--alias: expected text; --user-info: expected boolean',
    ],
    ['signsAfter: expected at least 5 s', '--after: expected at least 5 s'],
    ['other: what is no field', 'other: what is no field'],
    ['There is one already: x', 'There is one already: x'],
  ] as const) {
    const { message: found, exitCode } = await said(message);
    assert.deepEqual([found, exitCode], [expected, 5]);
  }
});

test('what is no word of a control plane stays as it is', async () => {
  const error = new UsageError('body/name: x');
  await assert.rejects(inOptions({}, Promise.reject(error)), error);
  assert.equal(await inOptions({}, Promise.resolve(1)), 1);
});
