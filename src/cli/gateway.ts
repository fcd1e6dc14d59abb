/**
 * `gateway`: runs an artifact, called as the runtime of the original. Of 3.1 and later `gateway ARTIFACT --key=value`, of
 * 3.0 `gateway -e key=value ARTIFACT`. (`postern gateway` is another thing: the role.)
 */
import { originalArguments } from './original-arguments.ts';
import { runProgram } from './program.ts';
import type { AddCommand } from './usage/command.ts';
import { run } from './usage/run.ts';

/** The one command there is; its name is not said. */
const runAlone: AddCommand = (context) => {
  run(context);
  for (const command of context.program.commands) {
    command.configureHelp({ commandUsage: () => 'gateway [options] <artifact>' });
  }
};

await runProgram(
  'gateway',
  'Runs the artifact of a microgateway: "postern run" under the name that the original has for it.',
  [runAlone],
  originalArguments(process.argv.slice(2)),
);
