/**
 * `gateway`: runs an artifact, called as the runtime of the original. Of 3.1 and later `gateway ARTIFACT --key=value`, of
 * 3.0 `gateway -e key=value ARTIFACT`. (`postern gateway` is another thing: the role.)
 */
import { originalArguments } from './original-arguments.ts';
import { runProgram } from './program.ts';
import { run } from './usage/run.ts';

await runProgram(
  'gateway',
  'Runs the artifact of a microgateway: "postern run" under the name that the original has for it.',
  [run],
  originalArguments(process.argv.slice(2)),
);
