/** A program of commands: what `postern`, `micro-gw` and `gateway` have in common. */
import { outliveOutput } from './outlive-output.ts';
import { splitFlags } from './split-flags.ts';
import type { AddCommand } from './usage/command.ts';
import { StrictCommand } from './usage/strict-command.ts';
import { version } from './version.ts';

/** Reads the command line and runs the command that it names. Ends the process with 2 when it makes no sense. */
export async function runProgram(
  name: string,
  description: string,
  commands: readonly AddCommand[],
  args: readonly string[],
): Promise<void> {
  // What we write is for its owner only.
  process.umask(0o077);
  outliveOutput();
  const { flags, rest } = splitFlags(args);
  const program = new StrictCommand(name)
    .description(description)
    .version(version(), '-V, --version')
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, `${name}: `)) })
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  for (const add of commands) add({ program, flags });
  await program.parseAsync([...rest], { from: 'user' });
}
