/** A first start on a machine whose Node is too old, with that Node and the npm of its time. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { createCheckout, start } from '../support/checkout.ts';

const root = join(import.meta.dirname, '../..');
const platform = `${process.platform}-${process.arch}`;
const skip =
  platform !== 'linux-x64' && platform !== 'linux-arm64'
    ? `has no old Node for ${platform}`
    : process.env.CI !== 'true' && process.env.POSTERN_TEST_BOOTSTRAP !== '1'
      ? 'fetches old Nodes and all packages, about a minute: POSTERN_TEST_BOOTSTRAP=1 npm test, or CI=true'
      : false;

const main = `
const versions: { node: string } = process.versions;
await import('jose');
// Before it says anything: the signal comes as soon as it does.
if (process.argv[2] === 'wait') process.on('SIGTERM', () => process.exit(7));
console.log(JSON.stringify({ node: versions.node, args: process.argv.slice(2) }));
if (process.argv[2] === 'wait') setInterval(() => {}, 1000);
else if (process.argv[2] === 'die') process.kill(process.pid, 'SIGKILL');
else process.exitCode = 3;
`;

for (const [node, npm] of [
  ['18', '9'],
  ['20', '10'],
] as const) {
  describe(`with Node ${node} and npm ${npm}`, { skip, timeout: 280_000 }, () => {
    const checkout = createCheckout(main);
    after(() => checkout.remove());

    /** `node` and `npm` of their time, kept from run to run, and the system's shell. */
    function oldPrograms(): string {
      const folder = join(root, '.cache', `test-node-${node}`);
      const bin = join(folder, 'node_modules', '.bin');
      if (!existsSync(join(bin, 'npm'))) {
        const packages = [`node-${platform}@${node}`, `npm@${npm}`];
        execFileSync('npm', ['install', '--prefix', folder, '--no-save', '--ignore-scripts', ...packages], {
          stdio: 'pipe',
        });
      }
      return `${bin}:/usr/bin:/bin`;
    }

    function run(...args: string[]) {
      const { NODE_COMPILE_CACHE: _, ...env } = process.env;
      return start('node', [join(checkout.folder, 'bin/postern'), ...args], {
        cwd: checkout.folder,
        env: { ...env, PATH: oldPrograms() },
      });
    }

    const pinned = JSON.parse(readFileSync(join(root, 'bin/runtime/package.json'), 'utf8')).optionalDependencies[
      `node-${platform}`
    ] as string;

    it('two first starts at once bring the pinned Node and the packages, once', async () => {
      const both = await Promise.all([run('a', '--b=c').ended, run('a', '--b=c').ended]);
      for (const { code, stdout, stderr } of both) {
        assert.equal(code, 3, stderr);
        assert.deepEqual(JSON.parse(stdout), { node: pinned, args: ['a', '--b=c'] });
      }
      const said = both.map(({ stderr }) => stderr).join('');
      assert.equal(said.match(/^postern: fetching Node /gm)?.length, 1, said);
      assert.equal(said.match(/^postern: installing packages /gm)?.length, 1, said);
    });

    it('the next start does nothing of it', async () => {
      const { code, stderr } = await run('a').ended;
      assert.deepEqual([code, stderr], [3, '']);
    });

    it('SIGTERM reaches the program, and its exit code is kept', async () => {
      const running = run('wait');
      await new Promise((resolve) => running.stdout?.once('data', resolve));
      running.kill('SIGTERM');
      assert.equal((await running.ended).code, 7);
    });

    it('a program that is killed ends the command the same way', async () => {
      assert.equal((await run('die').ended).signal, 'SIGKILL');
    });

    it('the lock files are as they were', () => {
      for (const name of ['package-lock.json', 'bin/runtime/package-lock.json']) {
        assert.equal(readFileSync(join(checkout.folder, name), 'utf8'), readFileSync(join(root, name), 'utf8'), name);
      }
    });
  });
}
