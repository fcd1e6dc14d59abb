/**
 * `npm test [-- [--install] [--test-name-pattern REGEX] [FILE …]]`: runs every test, or those in files whose path
 * contains one of the given words. With `--install` or `CI=true`, servers that are missing are installed first.
 * At the end it names what was skipped and how to get it.
 */

import { globSync } from 'node:fs';
import { join } from 'node:path';
import { compose } from 'node:stream';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { parseArgs } from 'node:util';
import { installPackages } from './support/install.ts';
import { missingServers } from './support/servers.ts';

const { values, positionals } = parseArgs({
  options: { install: { type: 'boolean' }, 'test-name-pattern': { type: 'string', multiple: true } },
  allowPositionals: true,
});
const root = join(import.meta.dirname, '..');
const mustHaveAll = values.install === true || process.env.CI === 'true';

if (mustHaveAll) {
  try {
    installPackages(missingServers().flatMap((server) => server.package.split(' ')));
  } catch (error) {
    console.error(`npm test: ${(error as Error).message}`);
    process.exit(1);
  }
}

const files = globSync(['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts'], { cwd: root })
  .filter((file) => positionals.length === 0 || positionals.some((word) => file.includes(word.replace(/^\.\//, ''))))
  .sort();
if (files.length === 0) {
  console.error(`npm test: no test file's path contains ${positionals.join(' or ')}`);
  process.exit(1);
}

const skipped = new Map<string, number>();
const tests = run({
  cwd: root,
  files: files.map((file) => join(root, file)),
  // Two at once on any machine: tests measure times, and a machine full of tests makes them lie.
  concurrency: 2,
  // For a whole file; what hangs fails.
  timeout: 300_000,
  ...(values['test-name-pattern'] && { testNamePatterns: values['test-name-pattern'].map((name) => new RegExp(name)) }),
});
tests.on('test:fail', ({ todo }) => {
  if (todo === undefined || todo === false) process.exitCode = 1;
});
tests.on('test:pass', ({ skip }) => {
  if (typeof skip === 'string') skipped.set(skip, (skipped.get(skip) ?? 0) + 1);
});
compose(tests, spec).pipe(process.stdout);

process.on('exit', () => {
  if (skipped.size > 0) console.log('\nSkipped, and what they need:');
  for (const [reason, count] of skipped) console.log(`  ${reason} (${count === 1 ? 'once' : `${count} times`})`);
});
