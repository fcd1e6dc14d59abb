import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { catalogApi } from '../../test/support/catalog-api.ts';
import { createApi } from '../adapters/stores/apis.ts';
import { openSqliteStore } from '../adapters/stores/sqlite.ts';
import type { Api } from '../core/api.ts';
import type { EntityChange } from '../core/snapshot.ts';
import { createLog } from '../platform/log.ts';
import { openSeal } from '../platform/seal.ts';
import { openedChanges } from './opened-changes.ts';
import { sealPassword } from './services/endpoints/endpoint-password.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const api = (id: string): Api => ({
  id,
  name: id,
  version: '1',
  provider: 'admin@carbon.super',
  context: `/${id}`,
  isDefaultVersion: false,
  status: 'PUBLISHED',
  resources: [],
  endpoints: { production: { url: 'http://backend.example' } },
  cors: null,
  scopes: [],
});

test('a password is open in the log and the snapshot; one that does not open is left out, and the rest goes on', async () => {
  const seal = openSeal(join(folder, 'store.key'));
  const store = await openSqliteStore(':memory:');
  const changes = openedChanges(store.changes, seal, createLog({ name: 'test', level: 'fatal' }));
  const announced: unknown[] = [];
  changes.onCommit((events) => void announced.push(...events.map(basicOf)));
  const add = (id: string, sealed: string) =>
    store.transaction((tx) =>
      createApi(
        tx,
        { ...catalogApi(api(id)), endpointSecurity: { type: 'BASIC', username: 'u', sealed } },
        { tenant: 'carbon.super', definition: '{}' },
      ),
    );
  await add('good', sealPassword(seal, 'good', 'open sesame'));
  await add('moved', sealPassword(seal, 'good', 'open sesame'));
  const expected = [{ username: 'u', password: 'open sesame' }, undefined];
  assert.deepEqual(announced, expected);
  assert.deepEqual((await changes.after(0, 10))?.map(basicOf), expected);
  const { entities } = await changes.snapshot();
  const seen = [];
  for await (const entity of entities) if (entity.kind === 'api') seen.push(basicOf(entity));
  assert.deepEqual(seen, expected);
  await store.close();
});

function basicOf(change: EntityChange): unknown {
  return change.kind === 'api' ? change.value?.endpoints.production?.basic : null;
}
