import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readArguments, usage } from './arguments.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('what it is called with', () => {
  const { sabotage, ...options } = readArguments([
    '--seconds=600',
    '--seed',
    '1',
    '--faults',
    'gateway killed,backup restored',
    '--sabotage=skip-catch-up',
    '--keep',
  ]) as NonNullable<ReturnType<typeof readArguments>>;
  assert.deepEqual(options, {
    seconds: 600,
    seed: 1,
    requestsPerSecond: 200,
    revocationsPerSecond: 8,
    kinds: ['gateway killed', 'backup restored'],
    keep: true,
  });
  assert.equal(typeof sabotage, 'function');
});

test('without a seed it has another one each time', () => {
  assert.notEqual(readArguments([])?.seed, readArguments([])?.seed);
});

test('0 and the usage, with every option and its default, for --help', () => {
  assert.deepEqual(run('--help'), { status: 0, stdout: usage, stderr: '' });
  for (const part of [
    '--seconds N',
    'default: 60',
    '--seed N',
    'default: 200',
    'default: 8',
    'gateway killed',
    '--keep',
  ])
    assert.ok(usage.includes(part), part);
});

test('2, what was wrong and the usage, without a stack, for what it does not understand', () => {
  assert.deepEqual(run('--secnds=5'), { status: 2, stdout: '', stderr: `Unknown option '--secnds'\n\n${usage}` });
});

for (const [args, problem] of [
  [['--seconds'], /^Option '--seconds <value>' argument missing\n\nnpm run chaos/],
  [['--seconds', '-5'], /^--seconds: expected a number of at least 1, got -5\n/],
  [['--seconds', '--keep'], /^Option '--seconds' argument is ambiguous\n/],
  [['--seed='], /^--seed: expected a number of at least 0, got \n/],
  [['--keep=yes'], /^Option '--keep' does not take an argument\n/],
  [['20'], /^Unexpected argument '20'\n/],
  [['-x'], /^Unknown option '-x'\n/],
  [['--faults=flood'], /^--faults: expected gateway killed, .*; got flood\n/],
  [['--sabotage=toString'], /^--sabotage: expected skip-catch-up, .*; got toString\n/],
] as const) {
  test(`refused: ${args.join(' ')}`, () => assert.throws(() => readArguments(args), { message: problem }));
}
