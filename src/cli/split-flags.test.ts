import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitFlags } from './split-flags.ts';

const cases: readonly [args: string[], flags: string[], rest: string[]][] = [
  [['start'], [], ['start']],
  [['start', '--data', 'd.x', '--gateway.threads=2'], ['--gateway.threads=2'], ['start', '--data', 'd.x']],
  [['--gateway.threads', '2', 'start'], ['--gateway.threads=2'], ['start']],
  [['run', 'x', '--shop_prod_endpoint_0', 'http://a'], ['--shop_prod_endpoint_0=http://a'], ['run', 'x']],
  [['run', '--a-b.c_sand_basic_password=p=q', 'x'], ['--a-b.c_sand_basic_password=p=q'], ['run', 'x']],
  [
    ['run', '--a.b', '--c.d=1', 'x'],
    ['--a.b', '--c.d=1'],
    ['run', 'x'],
  ],
  [['start', '--host', '127.0.0.1', '--config=a.toml'], [], ['start', '--host', '127.0.0.1', '--config=a.toml']],
];
for (const [args, flags, rest] of cases) {
  test(args.join(' '), () => assert.deepEqual(splitFlags(args), { flags, rest }));
}
