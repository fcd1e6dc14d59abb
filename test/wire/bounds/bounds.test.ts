/** Each bound at a small scale; `npm run bounds` has the large ones. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { text } from './bound.ts';
import { bounds } from './index.ts';

for (const { name, about, scale, obstacle, measure } of bounds)
  test(`net: ${name}: ${about} (${scale.short} ${scale.unit})`, {
    skip: obstacle?.(scale.short) ?? false,
    timeout: 120_000,
  }, async (t) => {
    for (const finding of await measure('net', scale.short, (line) => t.diagnostic(line)))
      assert.ok(finding.value <= finding.atMost, text(finding));
  });
