/** A command that names an option which it doesn't have before one that is missing: the misspelt one is both. */
import { Command, type ParseOptionsResult } from 'commander';
import { nearest } from '../../platform/config/nearest.ts';

export class StrictCommand extends Command {
  override createCommand(name?: string): StrictCommand {
    return new StrictCommand(name);
  }

  override parseOptions(argv: string[]): ParseOptionsResult {
    const parsed = super.parseOptions(argv);
    // Options of a command below this one are that one's to judge.
    if (this.commands.length > 0 || parsed.unknown.some((arg) => arg === '--help' || arg === '-h')) return parsed;
    const wrong = parsed.unknown.find((arg) => /^-./.test(arg))?.replace(/=.*/s, '');
    if (wrong === undefined) return parsed;
    const meant = nearest(
      wrong,
      this.options.flatMap(({ long }) => long ?? []),
    );
    const hint = meant === undefined ? 'see --help' : `did you mean ${meant}?`;
    return this.error(`error: unknown option '${wrong}'; ${hint}`, { code: 'commander.unknownOption' });
  }
}
