/** `micro-gw`: the toolkit under the name and with the commands that the original has for it. */
import { runProgram } from './program.ts';
import { completion } from './usage/completion.ts';
import { reset, versionCommand } from './usage/micro-gw.ts';
import { build, importApis, init } from './usage/toolkit.ts';

await runProgram(
  'micro-gw',
  'Projects for microgateways: the commands of the original toolkit, done by Postern.',
  [init, importApis, build, reset, versionCommand, completion],
  process.argv.slice(2),
);
