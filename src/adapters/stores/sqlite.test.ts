import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { sql } from 'kysely';
import { openSqliteStore } from './sqlite.ts';
import { storeContract } from './store-contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-store-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

storeContract({
  name: 'sqlite',
  skip: false,
  nodes: 1,
  newPlace: async () => join(folder, `${files++}.db`),
  open: openSqliteStore,
});

test('statements in use stay prepared, however many others there were', async (t) => {
  const store = await openSqliteStore(':memory:');
  t.after(() => store.close());
  const prepare = t.mock.method(DatabaseSync.prototype, 'prepare');
  const ask = (number: number) => sql.raw(`SELECT ${number}`).execute(store.db);
  for (let number = 0; number < 600; number++) {
    await ask(number);
    await ask(-1);
  }
  assert.equal(prepare.mock.callCount(), 601);
  for (let again = 0; again < 10; again++) await ask(-1);
  await ask(101);
  assert.equal(prepare.mock.callCount(), 601);
  await ask(0);
  assert.equal(prepare.mock.callCount(), 602, 'the oldest is gone');
});
