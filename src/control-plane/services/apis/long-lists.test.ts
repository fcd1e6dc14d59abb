import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CatalogApi } from '../../../core/catalog-api.ts';
import { newApi } from './api-from-form.ts';
import { refuseLongLists } from './long-lists.ts';

const api = newApi({ name: 'a', version: '1', context: '/a' }, 'id', 'admin@carbon.super', 0);
const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `x${at}`);
const scope = { name: 's', displayName: 's', description: '', roles: [] as string[], shared: false };

test('400 that names the list that is too long, wherever the API comes from', () => {
  const [operation] = api.operations;
  assert.ok(operation);
  const wrong: readonly [Partial<CatalogApi>, RegExp][] = [
    [{ tags: names(201) }, /^RestError: tags: got 201 entries; expected at most 200/],
    [{ policies: names(201) }, /^RestError: policies: /],
    [{ visibleRoles: names(201) }, /^RestError: visibleRoles: /],
    [{ accessControlRoles: names(201) }, /^RestError: accessControlRoles: /],
    [{ categories: names(201) }, /^RestError: categories: /],
    [{ securityScheme: names(201) }, /^RestError: securityScheme: /],
    [{ more: { labels: names(201) } }, /^RestError: labels: /],
    [
      { more: { additionalProperties: Object.fromEntries(names(201).entries()) } },
      /^RestError: additionalProperties: /,
    ],
    [{ scopes: Array(1001).fill(scope) }, /^RestError: scopes: got 1001 entries; expected at most 1000/],
    [{ scopes: [{ ...scope, roles: names(201) }] }, /^RestError: scopes: s: /],
    [
      { scopes: names(6).map((name) => ({ ...scope, roles: names(200).map((role) => name + role) })) },
      /^RestError: scopes: bindings: got 1200/,
    ],
    [{ operations: [{ ...operation, scopes: names(1001) }] }, /^RestError: operations: scopes: got 1001/],
    [{ operations: Array(5001).fill(operation) }, /^RestError: operations: got 5001 entries; expected at most 5000/],
  ];
  for (const [part, message] of wrong) assert.throws(() => refuseLongLists({ ...api, ...part }), message);
});

test('what is within the bounds passes', () => {
  refuseLongLists({ ...api, tags: names(200), scopes: Array(1000).fill({ ...scope, roles: names(200) }) });
});
