import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Api, Resource } from '../../core/api.ts';
import type { EntityChange } from '../../core/snapshot.ts';
import { acceptedSchemes } from './accepted-schemes.ts';

const open = { authType: 'None' } as Resource;
const withToken = { authType: 'Any' } as Resource;
const withKey = { authType: 'Any', security: { schemes: ['api_key'] } } as unknown as Resource;

function schemesOf(...apis: Partial<Api>[]): string[] {
  const entities = apis.map((api, i) => ({ kind: 'api', id: String(i), value: api }) as EntityChange);
  return [...acceptedSchemes(entities)].sort();
}

test('a resource accepts its own schemes, otherwise those of its API, otherwise tokens; an open one none', () => {
  assert.deepEqual(schemesOf({ resources: [open] }), []);
  assert.deepEqual(schemesOf({ resources: [open, withToken] }), ['oauth2']);
  assert.deepEqual(schemesOf({ resources: [withToken], security: { schemes: ['basic_auth'] } }), ['basic_auth']);
  assert.deepEqual(schemesOf({ resources: [withKey] }, { resources: [withToken] }), ['api_key', 'oauth2']);
});
