/** A short run with a fixed seed. `npm run chaos -- --seconds 600 --seed 1` is a long one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missing } from '../support/servers.ts';
import { report } from './report.ts';
import { runChaos } from './run.ts';

test('whatever fails, no revoked token is accepted and no good one refused', {
  skip: missing('postgresql') || (process.platform !== 'linux' && 'breaks processes by means of Linux'),
  timeout: 120_000,
}, async (t) => {
  const { history, violations } = await runChaos({
    seconds: 20,
    seed: 7,
    requestsPerSecond: 60,
    revocationsPerSecond: 4,
    kinds: [],
    keep: false,
    say: (line) => t.diagnostic(line),
  });
  for (const line of report(history, violations)) t.diagnostic(line);
  assert.ok(history.revocations.length > 30 && history.faults.length >= 8, 'the run did not do what it was for');
  assert.deepEqual(violations, []);
});
