import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Command } from 'commander';
import { missing } from '../../../test/support/servers.ts';
import { completionScript } from './completion.ts';

const program = new Command('post-ern').option('--quiet', 'says nothing');
program.command('start').description("starts the user's own").option('-d, --data <dir>', 'data folder');
program.command('env').command('add').argument('<name>').option('--url <url>', 'where');

const folder = mkdtempSync(join(tmpdir(), 'postern-completion-'));
after(() => rmSync(folder, { recursive: true }));

/** What bash offers behind these words, of which the last is being written. */
function offered(...words: string[]): string {
  const file = join(folder, 'completion.sh');
  writeFileSync(file, completionScript('bash', program));
  const line = `source ${file}; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _post_ern; echo "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', line], { encoding: 'utf8' }).trim();
}

const bash: readonly [words: string[], offers: string][] = [
  [['post-ern', ''], 'start env --quiet --help'],
  [['post-ern', 'st'], 'start'],
  [['post-ern', 'start', '--d'], '--data'],
  [['post-ern', '--quiet', 'env', ''], 'add --help'],
  [['post-ern', 'env', 'add', 'start', '--'], '--url --help'],
  [['post-ern', 'nothing', 'e'], 'env'],
];
for (const [words, offers] of bash) {
  test(`bash: ${words.join(' ')}`, { skip: missing('bash') }, () => assert.equal(offered(...words), offers));
}

for (const shell of ['zsh', 'fish'] as const) {
  test(`${shell}: every command and option`, () => {
    const script = completionScript(shell, program);
    for (const word of ['start', 'env', 'add', 'data', 'url', 'quiet', 'post-ern']) assert.ok(script.includes(word));
    // Inside a string in quotation marks.
    if (shell === 'fish') assert.ok(script.includes("'starts the user\\'s own'"));
  });
}
