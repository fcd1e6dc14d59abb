import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuseReservedName } from './reserved-names.ts';

test('400 for a reserved name, however it is written; others may begin alike', () => {
  const reserved = ['admin', 'ADMIN', 'Admin.', '..admin..', 'anonymous', 'System', 'wso2.anonymous.user', '__PROTO__'];
  for (const name of [...reserved, 'apim', 'APIM_publisher']) {
    assert.throws(() => refuseReservedName(name), { status: 400, message: /is reserved/ }, name);
  }
  for (const name of ['administrators', 'admin.mary', 'systems', 'mary', 'api']) refuseReservedName(name);
});
