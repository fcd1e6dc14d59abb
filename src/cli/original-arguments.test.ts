import assert from 'node:assert/strict';
import { test } from 'node:test';
import { originalArguments } from './original-arguments.ts';

const cases: readonly [args: string[], ours: string[]][] = [
  [['shop.postern'], ['run', 'shop.postern']],
  [
    ['shop.postern', '--b7a.log.level=TRACE'],
    ['run', 'shop.postern', '--b7a.log.level=TRACE'],
  ],
  [
    ['-e', 'b7a.log.level=TRACE', 'shop.postern'],
    ['run', '--b7a.log.level=TRACE', 'shop.postern'],
  ],
  [
    ['-eb7a.log.level=TRACE', '--e=a.b=c=d', 'x'],
    ['run', '--b7a.log.level=TRACE', '--a.b=c=d', 'x'],
  ],
  [
    ['--e', 'a.b=c', 'x', '--echo_prod_endpoint_0=http://a', '--e_prod_endpoint_0=http://b', '-e'],
    ['run', '--a.b=c', 'x', '--echo_prod_endpoint_0=http://a', '--e_prod_endpoint_0=http://b', '-e'],
  ],
  [
    ['start', 'x', '--b7a.config.file=my.conf'],
    ['run', 'x', '--config=my.conf'],
  ],
  [
    ['x', '--shop_prod_endpoint_0=http://a', '--data', 'd'],
    ['run', 'x', '--shop_prod_endpoint_0=http://a', '--data', 'd'],
  ],
  [['version'], ['--version']],
  [['--help'], ['run', '--help']],
  [[], ['run']],
];
for (const [args, ours] of cases) {
  test(`gateway ${args.join(' ')}`, () => assert.deepEqual(originalArguments(args), ours));
}
