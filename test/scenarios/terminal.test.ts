/** Passwords that are typed: asked for at a terminal, and not shown there. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { verifyPassword } from '../../src/adapters/user-stores/password.ts';
import { missing } from '../support/servers.ts';

const command = fileURLToPath(new URL('../../bin/postern', import.meta.url));
const skip = process.platform !== 'linux' ? 'needs script of util-linux' : missing('script');

/** `postern hash-password` at a terminal, whose user types these lines, each when he is asked. */
async function hashTyped(...lines: string[]): Promise<{ status: number | null; shown: string }> {
  const child = spawn('script', ['-qec', `"${process.execPath}" "${command}" hash-password`, '/dev/null']);
  const waiting = [...lines];
  let shown = '';
  let unanswered = '';
  child.stdout.on('data', (chunk) => {
    shown += chunk;
    unanswered += chunk;
    if (!/(Password|Once more): $/.test(unanswered)) return;
    unanswered = '';
    child.stdin.write(`${waiting.shift()}\r`);
  });
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { status, shown };
}

test('a password is asked for twice, shown never, and hashed', { skip }, async () => {
  const { status, shown } = await hashTyped('secret1', 'secret1');
  assert.equal(status, 0, shown);
  const [hash] = /\$argon2id\S+/.exec(shown) ?? [];
  assert.equal(await verifyPassword(hash as string, 'secret1'), true);
  assert.ok(!shown.includes('secret1'), shown);
});

test('two different ones are an error', { skip }, async () => {
  const { status, shown } = await hashTyped('secret1', 'secret2');
  assert.equal(status, 2, shown);
  assert.match(shown, /these are two different passwords/);
});
