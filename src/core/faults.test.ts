import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fault, faults } from './faults.ts';

test('docs/errors.md lists exactly the catalogue', () => {
  const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  const documented = [...page.matchAll(/^\| (\d+) \| (\d+) \| (.+?) \| (.+) \|$/gm)].map((row) =>
    row.slice(1, 5).join(' | '),
  );
  const catalogue = Object.values(faults).map((kind) =>
    [kind.code, kind.status, kind.message, kind.description].join(' | '),
  );
  assert.deepEqual(documented, catalogue);
});

test('every fault has a status of an error and says something to the caller', () => {
  for (const kind of Object.values(faults)) {
    assert.ok(kind.status >= 400 && kind.status < 600, kind.message);
    assert.ok(kind.message !== '' && kind.description.endsWith('.'), kind.message);
  }
});

test('a fault says what the catalogue says, unless it knows better', () => {
  assert.equal(fault(faults.notFound).description, faults.notFound.description);
  assert.equal(fault(faults.notFound, 'Gone.').description, 'Gone.');
});
