import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { LockError, takeLock } from './process-lock.ts';

let folder: string;
let file: string;
const folders: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-lock-'));
  folders.push(folder);
  file = join(folder, 'lock');
});
after(() => {
  for (const one of folders) rmSync(one, { recursive: true, force: true });
});

/** A process that takes the lock and says so, or says why not. */
function locker() {
  const code = `import { takeLock } from ${JSON.stringify(new URL('./process-lock.ts', import.meta.url).href)};
    try { takeLock(${JSON.stringify(file)}, 'it'); console.log('taken'); setInterval(() => {}, 1000); }
    catch (error) { console.log(error.message); }`;
  return spawn(process.execPath, ['--input-type=module', '--eval', code]);
}

const said = async (child: ReturnType<typeof locker>): Promise<string> =>
  String((await once(child.stdout, 'data'))[0]).trim();

test('a second process is refused as long as the first lives, and told which one that is', async () => {
  const first = locker();
  assert.equal(await said(first), 'taken');
  assert.throws(
    () => takeLock(file, 'the folder'),
    (error: Error) => {
      assert.ok(error instanceof LockError);
      return error.message.startsWith(`the folder is in use by process ${first.pid};`);
    },
  );
  first.kill('SIGKILL');
  await once(first, 'exit');
  const release = takeLock(file, 'the folder');
  assert.match(await said(locker()), new RegExp(`in use by process ${process.pid};`));
  release();
  assert.deepEqual(readdirSync(folder), []);
});

test('a lock whose owner is gone, or has another process of its number, or that is no lock at all counts for nothing', () => {
  for (const stale of ['4194305 1', `${process.ppid} 1`, 'rubbish', '']) {
    writeFileSync(file, stale);
    takeLock(file, 'it')();
    assert.equal(existsSync(file), false, stale);
  }
});

test('of many that find a stale lock at once, one gets it', async () => {
  writeFileSync(file, '4194305 1');
  const all = Array.from({ length: 6 }, locker);
  const words = await Promise.all(all.map(said));
  assert.equal(words.filter((word) => word === 'taken').length, 1, words.join('; '));
  for (const child of all) child.kill('SIGKILL');
});
