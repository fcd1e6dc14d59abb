/**
 * A command that names an option which it doesn't have before one that is missing: the misspelt one is both. And one
 * that takes none of its options for the value of another, which was forgotten.
 */
import { Command, type Option, type ParseOptionsResult } from 'commander';
import { nearest } from '../../platform/config/nearest.ts';

export class StrictCommand extends Command {
  override createCommand(name?: string): StrictCommand {
    return new StrictCommand(name);
  }

  override parseOptions(argv: string[]): ParseOptionsResult {
    this.#refuseForgottenValue(argv);
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

  /** A value that looks like an option is given as `--name=-x`. */
  #refuseForgottenValue(argv: readonly string[]): void {
    for (let i = 0; i < argv.length && argv[i] !== '--'; i++) {
      const option = this.#named(argv[i]);
      if (!option?.required) continue;
      i++;
      if (this.#named(argv[i])) {
        this.error(`error: option '${option.flags}' argument missing`, { code: 'commander.optionMissingArgument' });
      }
    }
  }

  #named(arg: string | undefined): Option | undefined {
    return arg === undefined ? undefined : this.options.find(({ short, long }) => arg === short || arg === long);
  }
}
