import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Api, Resource, Security } from '../core/api.ts';
import { Routes } from './routes.ts';

let compiled = 0;
const routes = (): Routes =>
  new Routes(() => {
    compiled++;
    return [];
  });

const menu: Resource = { path: '/menu', verb: 'GET', authType: 'Any', scopes: [], tier: 'Unlimited' };

function api(context: string, version: string, more: Partial<Api> = {}): Api {
  return {
    id: `${context}/${version}`,
    name: 'test',
    version,
    provider: 'admin@carbon.super',
    context,
    isDefaultVersion: false,
    status: 'PUBLISHED',
    resources: [menu, { ...menu, verb: 'POST' }],
    endpoints: {},
    cors: null,
    scopes: [],
    ...more,
  };
}
const load = (to: Routes, one: Api): void => to.put({ api: one, ordinal: 1, builtIn: false });

test('an API answers below its context and version', () => {
  const some = routes();
  load(some, api('/shop', '1.0.0'));
  const found = some.find('/shop/1.0.0/menu');
  assert.deepEqual([...(found?.routes.keys() ?? [])], ['GET', 'POST']);
  assert.equal(found?.base, '/shop/1.0.0'.length);
  for (const path of ['/shop/menu', '/shop/1.0.1/menu', '/shop/1.0.0x/menu', '/', '', '/shop/1.0.0/other']) {
    assert.equal(some.find(path), null, path);
  }
});

test('the default version also answers without the version', () => {
  const some = routes();
  load(some, api('/shop', '1.0.0'));
  load(some, api('/shop', '2.0.0', { isDefaultVersion: true }));
  assert.equal(some.find('/shop/menu')?.api.api.version, '2.0.0');
  assert.equal(some.find('/shop/1.0.0/menu')?.api.api.version, '1.0.0');
  assert.equal(some.find('/shop/2.0.0/menu')?.api.api.version, '2.0.0');
});

test('the longest context wins', () => {
  const some = routes();
  load(
    some,
    api('/shop', '1', { resources: [{ path: '/*', verb: 'GET', authType: 'Any', scopes: [], tier: 'Unlimited' }] }),
  );
  load(some, api('/shop/1/inner', '2'));
  assert.equal(some.find('/shop/1/inner/2/menu')?.api.api.context, '/shop/1/inner');
  assert.equal(some.find('/shop/1/inner/3/menu')?.api.api.context, '/shop');
});

test('a changed API replaces its routes, a deleted or retired one has none', () => {
  const some = routes();
  load(some, api('/shop', '1'));
  const before = some.find('/shop/1/menu')?.routes.get('GET');
  load(some, { ...api('/shop', '1'), context: '/store' });
  assert.equal(some.find('/shop/1/menu'), null);
  assert.notEqual(some.find('/store/1/menu')?.routes.get('GET'), before);
  load(some, { ...api('/shop', '1'), status: 'RETIRED' });
  assert.equal(some.find('/store/1/menu'), null);
  load(some, api('/shop', '1'));
  some.delete('/shop/1');
  assert.equal(some.find('/shop/1/menu'), null);
  assert.equal(some.size, 0);
});

test('deleting an old version leaves the path of the default version with the API that has it now', () => {
  const some = routes();
  load(some, api('/shop', '1', { isDefaultVersion: true }));
  load(some, api('/shop', '2', { isDefaultVersion: true }));
  some.delete('/shop/1');
  assert.equal(some.find('/shop/menu')?.api.api.version, '2');
});

test('a resource is compiled at its first request, once', () => {
  const some = routes();
  compiled = 0;
  for (let i = 0; i < 1000; i++) load(some, api(`/shop${i}`, '1'));
  assert.equal(compiled, 0);
  const route = some.find('/shop7/1/menu')?.routes.get('GET');
  const first = route?.stages;
  assert.equal(route?.stages, first);
  assert.equal(compiled, 1);
});

test('an API can be at the root, beside what the gateway has there itself', () => {
  const some = routes();
  const own = api('', '', { id: 'own', resources: [{ ...menu, path: '/token', verb: 'POST' }] });
  some.put({ api: own, ordinal: 0, builtIn: true });
  load(some, api('/', '1', { basePath: '/', resources: [menu, { ...menu, path: '/token' }, { ...menu, path: '/*' }] }));
  assert.equal(some.find('/menu')?.api.api.version, '1');
  assert.equal(some.find('/menu')?.base, 0);
  assert.equal(some.find('/token')?.api.api.id, 'own');
  some.delete('//1');
  assert.equal(some.find('/menu'), null);
  assert.equal(some.find('/token')?.api.api.id, 'own');
});

test('an API whose context is the root answers below its version', () => {
  const some = routes();
  load(some, api('/', '1.0.0'));
  assert.equal(some.find('/1.0.0/menu')?.base, '/1.0.0'.length);
});

test('of two resources that are the same calls the stricter one stands, in either order, and the log says so', () => {
  const open: Resource = { ...menu, path: '/%6Denu/', authType: 'None' };
  const scoped: Resource = { ...menu, path: '/menu;v=1', scopes: ['read'] };
  for (const resources of [
    [menu, open],
    [open, menu],
    [open, scoped, menu],
    [menu, scoped, open],
  ]) {
    const lines: object[] = [];
    const some = new Routes(() => [], { warn: (fields) => void lines.push(fields) });
    load(some, api('/shop', '1.0.0', { resources }));
    const stands = some.find('/shop/1.0.0/menu')?.routes.get('GET')?.resource;
    assert.equal(stands, resources.includes(scoped) ? scoped : menu);
    assert.equal(lines.length, resources.length - 1);
  }
});

test('of two ways to be let in the one that asks for more stands, whatever the order', () => {
  const by = (path: string, security: Security): Resource => ({ ...menu, path, security });
  for (const [lax, strict] of [
    [{ schemes: ['oauth2'] }, { schemes: [], mutualTls: 'mandatory' }],
    [
      { schemes: [], mutualTls: 'mandatory' },
      { schemes: ['oauth2'], mutualTls: 'mandatory' },
    ],
    [
      { schemes: ['oauth2'], mutualTls: 'mandatory', schemesOptional: true },
      { schemes: ['oauth2'], mutualTls: 'mandatory' },
    ],
    [{ schemes: ['oauth2'], mutualTls: 'optional' }, { schemes: ['oauth2'] }],
  ] as [Security, Security][]) {
    const resources = [by('/menu', lax), by('/%6Denu', strict)];
    for (const given of [resources, resources.toReversed()]) {
      const some = routes();
      load(some, api('/shop', '1.0.0', { resources: given }));
      assert.equal(some.find('/shop/1.0.0/menu')?.routes.get('GET')?.resource.security, strict);
    }
  }
});
