/** What the files beside this one have in common: how a command is declared, and how it ends. */
import { type Command, InvalidArgumentError } from 'commander';
import { failWith } from '../fail.ts';

export interface CommandContext {
  readonly program: Command;
  /** `--section.key=value`, wherever they stood on the command line. */
  readonly flags: readonly string[];
}

/** Adds a command to the program. It imports what the command does when the command is run, and not before. */
export type AddCommand = (context: CommandContext) => void;

/**
 * Runs a command; an error ends the process with one line that says why.
 * @param run may give the exit status with which the process ends when nothing is left to do
 */
export async function attempt(run: () => Promise<void> | Promise<number>): Promise<void> {
  try {
    process.exitCode = (await run()) ?? 0;
  } catch (error) {
    failWith(error);
  }
}

/** Adds the options that every command has which listens. */
export function withListeners(command: Command, configuration: string): Command {
  return command
    .option('--data <dir>', 'data folder', process.env.POSTERN_DATA ?? 'data')
    .option('--config <file>', `TOML file with options (see ${configuration})`)
    .option('--strict', 'serve no API on old knowledge that does not allow it itself (gateway.whenStale=closed)')
    .option('--port-offset <n>', 'is added to every port of this process', portOffset, 0)
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .addHelpText('after', '\nEvery option of the configuration can be given as --section.key=value.');
}

export function portOffset(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 55_000) {
    throw new InvalidArgumentError('expected a number from 0 to 55000.');
  }
  return Number(text);
}

/** Takes a value of an option that may be said several times. */
export const add = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** A command that takes no configuration: flags of one are a mistake. */
export function refuseFlags(program: Command, flags: readonly string[]): void {
  const [first] = flags;
  if (first !== undefined) program.error(`error: unknown option '${first.replace(/=.*/s, '')}'`);
}

/** What `--strict` makes of a command's arguments. */
export interface Strict {
  readonly strict?: boolean;
}

export function strictly(strict: boolean | undefined, flags: readonly string[]): string[] {
  return strict ? [...flags, '--gateway.whenStale=closed'] : [...flags];
}
