import assert from 'node:assert/strict';
import { test } from 'node:test';
import { privateAddresses } from './private-addresses.ts';
import { readSettings } from './settings.ts';

for (const [flags, expected] of [
  [[], 'allow'],
  [['--server.host=::1'], 'allow'],
  [['--server.host=0.0.0.0'], 'deny'],
  [['--server.host=192.168.1.5'], 'deny'],
  [['--server.host=0.0.0.0', '--controlPlane.privateAddresses=allow'], 'allow'],
  [['--controlPlane.privateAddresses=deny'], 'deny'],
] as const)
  test(`private addresses: ${expected} with ${flags.join(' ') || 'nothing said'}`, () => {
    assert.equal(privateAddresses(readSettings({ data: 'data', portOffset: 0, flags }).options), expected);
  });
