import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { restApis } from '../rest-apis.ts';
import { coverageMarkdown, notBuilt } from './coverage.ts';

/** Operations that answer 501, by API. These numbers only ever go down. */
const missingAtMost = { publisher: 52, 'developer-portal': 13, admin: 23 };

for (const api of restApis) {
  test(`${api.definition.name}: what is built stays built`, () => {
    const missing = notBuilt(api);
    assert.ok(missing.length <= missingAtMost[api.definition.name], missing.join('\n'));
  });

  test(`${api.definition.name}: every operation that is built is one of the definition`, () => {
    const known = new Set(api.definition.operations.map(({ method, path }) => `${method} ${path}`));
    assert.deepEqual(
      Object.keys(api.operations).filter((operation) => !known.has(operation)),
      [],
    );
  });
}

test('docs/rest-coverage.md says what is built', () => {
  const page = readFileSync(new URL('../../../docs/rest-coverage.md', import.meta.url), 'utf8');
  assert.equal(page, coverageMarkdown(restApis), 'run npm run docs');
});
