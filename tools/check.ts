/** `npm run check`: types, format and lint, import rules, generated files. Runs all of them, and fails if one does. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const steps: [what: string, script: string, ...args: string[]][] = [
  ['types', 'node_modules/typescript/bin/tsc', '-p', '.'],
  ['format and lint', 'node_modules/@biomejs/biome/bin/biome', 'ci', '--error-on-warnings', '.'],
  ['promises and imports', 'node_modules/oxlint/bin/oxlint', '--deny-warnings'],
  ['generated files', 'tools/docs.ts', '--check'],
];

const failed: string[] = [];
for (const [what, script, ...args] of steps) {
  console.log(`check: ${what}`);
  const { status } = spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit' });
  if (status !== 0) failed.push(what);
}
console.log(failed.length === 0 ? 'check: all is well' : `check: failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
