/** A short run with a fixed seed. `npm run chaos -- --seconds 600 --seed 1` is a long one. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { missing } from '../support/servers.ts';
import { report } from './report.ts';
import { runChaos } from './run.ts';

const where = {
  skip: missing('postgresql') || (process.platform !== 'linux' && 'breaks processes by means of Linux'),
  timeout: 120_000,
};

test('whatever fails, no revoked token is accepted and no good one refused', where, async (t) => {
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

test('where a process does not start, the run ends and says why, and leaves nothing that runs', where, async () => {
  const run = runChaos({
    ...{ seconds: 1, seed: 7, requestsPerSecond: 1, revocationsPerSecond: 1, kinds: [], keep: false },
    sabotage: (root) => writeFileSync(join(root, 'src/gateway/gateway.ts'), "throw new Error('broken by the test');"),
    say: () => {},
  });
  await assert.rejects(run, /gateway-.* ended with 1:[\s\S]*broken by the test/);
  // Whatever were left would keep this file from its end.
});
