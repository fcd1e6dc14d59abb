import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Checkout, createCheckout, type Ended, start } from './support/checkout.ts';

const main = `
import { getCompileCacheDir } from 'node:module';
const cache: string | undefined = getCompileCacheDir();
console.log(JSON.stringify({ args: process.argv.slice(2), cache, inherited: process.env.NODE_COMPILE_CACHE }));
process.exitCode = 3;
`;

const locked = (version: string) =>
  JSON.stringify({
    lockfileVersion: 3,
    packages: { '': {}, 'node_modules/a': { version }, 'node_modules/b': { version: '1.0.0', dev: true } },
  });
const installed = (version: string) => JSON.stringify({ packages: { 'node_modules/a': { version } } });

describe('bin/postern', () => {
  let checkout: Checkout;
  /** What the bootstrap may find on PATH: nothing. */
  let programs: string;

  beforeEach(() => {
    checkout = createCheckout(main);
    checkout.write('package.json', '{"type":"module"}');
    checkout.write('package-lock.json', locked('1.0.0'));
    programs = join(checkout.folder, 'programs');
    mkdirSync(programs);
  });
  afterEach(() => checkout.remove());

  function run(env: Record<string, string> = {}, command = 'bin/postern'): Promise<Ended> {
    const args = [
      join(checkout.folder, command),
      ...(command === 'bin/run' ? ['src/cli/main.ts'] : []),
      'start',
      '--a=b c',
    ];
    return start(process.execPath, args, { cwd: checkout.folder, env: { PATH: programs, ...env } }).ended;
  }

  for (const command of ['bin/postern', 'bin/run']) {
    it(`${command} runs the program at once when everything is there: arguments, exit code, compile cache`, async () => {
      checkout.write('node_modules/.package-lock.json', installed('1.0.0'));
      const { code, stdout, stderr } = await run({}, command);
      assert.deepEqual([code, stderr], [3, '']);
      const cache = join(checkout.folder, '.cache/compile');
      const { args, cache: used, inherited } = JSON.parse(stdout) as Record<string, unknown>;
      assert.deepEqual(args, ['start', '--a=b c']);
      assert.ok(String(used).startsWith(cache), String(used));
      assert.equal(inherited, cache);
    });
  }

  it('takes packages for complete whose lock file is younger but says the same, and remembers it', async () => {
    checkout.write('node_modules/.package-lock.json', installed('1.0.0'));
    const file = join(checkout.folder, 'node_modules/.package-lock.json');
    utimesSync(file, 0, 0);
    assert.equal((await run()).code, 3);
    checkout.write('package-lock.json', 'not read again');
    utimesSync(join(checkout.folder, 'package-lock.json'), 1, 1);
    assert.equal((await run()).code, 3);
  });

  const missing: [what: string, prepare: () => void][] = [
    ['there are none', () => {}],
    ['an installation was not finished', () => checkout.write('node_modules/a/package.json', '{}')],
    [
      'the lock file wants others',
      () => {
        checkout.write('node_modules/.package-lock.json', installed('0.9.0'));
        utimesSync(join(checkout.folder, 'node_modules/.package-lock.json'), 0, 0);
      },
    ],
    [
      'one is missing',
      () => {
        checkout.write('node_modules/.package-lock.json', '{"packages":{}}');
        utimesSync(join(checkout.folder, 'node_modules/.package-lock.json'), 0, 0);
      },
    ],
  ];
  for (const [what, prepare] of missing) {
    it(`installs the packages when ${what}; without npm it says so and ends with 1`, async () => {
      prepare();
      const { code, stdout, stderr } = await run();
      assert.deepEqual([code, stdout], [1, '']);
      assert.equal(
        stderr,
        'postern: installing packages ...\npostern: installing packages needs npm, which was not found on PATH\n',
      );
      assert.deepEqual(readdirSync(join(checkout.folder, '.cache')), []);
    });
  }

  it('says what may be wrong when npm fails', async () => {
    checkout.write('programs/npm', '#!/bin/sh\nexit 1\n');
    symlinkSync('/bin/sh', join(programs, 'sh'));
    chmodSync(join(programs, 'npm'), 0o755);
    const { code, stderr } = await run();
    assert.equal(code, 1);
    assert.match(stderr, /^postern: installing packages failed: is the package registry within reach/m);
    assert.doesNotMatch(stderr, /^ +at /m);
  });

  it('waits for another start that installs, and then does not install', async () => {
    checkout.write('.cache/install.lock', String(process.pid));
    const waiting = start(process.execPath, [join(checkout.folder, 'bin/postern')], {
      cwd: checkout.folder,
      env: { PATH: programs },
    });
    await new Promise((resolve) => waiting.stderr?.once('data', resolve));
    checkout.write('node_modules/.package-lock.json', installed('1.0.0'));
    rmSync(join(checkout.folder, '.cache/install.lock'));
    const { code, stderr } = await waiting.ended;
    assert.deepEqual([code, stderr], [3, 'postern: another start is installing, waiting for it ...\n']);
  });

  it('does not wait for one that was killed', async () => {
    const killed = start(process.execPath, ['-e', ''], {});
    await killed.ended;
    checkout.write('.cache/install.lock', String(killed.pid));
    const { code, stderr } = await run();
    assert.equal(code, 1);
    assert.match(stderr, /needs npm/);
    assert.ok(!existsSync(join(checkout.folder, '.cache/install.lock')));
  });
});

describe('the lock files', () => {
  const root = join(import.meta.dirname, '..');
  for (const name of ['package-lock.json', 'bin/runtime/package-lock.json']) {
    it(`${name} has a hash for every package and names no registry`, () => {
      const text = readFileSync(join(root, name), 'utf8');
      assert.doesNotMatch(text, /"resolved"/);
      const { packages } = JSON.parse(text) as { packages: Record<string, { integrity?: string }> };
      for (const [path, entry] of Object.entries(packages)) {
        if (path !== '') assert.match(entry.integrity ?? '', /^sha512-/, path);
      }
    });
  }

  it('of the runtime has one Node for every platform that the bootstrap knows', () => {
    const { packages } = JSON.parse(readFileSync(join(root, 'bin/runtime/package-lock.json'), 'utf8')) as {
      packages: Record<string, { version?: string }>;
    };
    const known = readFileSync(join(root, 'bin/bootstrap.js'), 'utf8').match(/(?<=: ')node-[\w-]+(?=',)/g) ?? [];
    assert.equal(known.length, 5);
    for (const name of known) assert.equal(packages[`node_modules/${name}`]?.version, '26.10.0', name);
  });
});
