import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type SabotageName, sabotage, sabotages } from './sabotage.ts';

const root = join(import.meta.dirname, '../..');
const copy = mkdtempSync(join(tmpdir(), 'postern-sabotage-'));
after(() => rmSync(copy, { recursive: true, force: true }));

for (const name of Object.keys(sabotages) as SabotageName[]) {
  test(`the sources still have what ${name} changes`, () => {
    for (const { file } of sabotages[name]) cpSync(join(root, file), join(copy, file));
    sabotage(name, copy);
    for (const { file, by } of sabotages[name]) assert.ok(readFileSync(join(copy, file), 'utf8').includes(by));
  });
}

test('a sabotage that finds nothing to change is an error', () => {
  // It was done once above.
  assert.throws(() => sabotage('ignore-heartbeat', copy), /expected its text once in .*, found it 0 times/);
});
