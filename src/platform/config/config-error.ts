/** What is wrong with a configuration: every problem found, one line each. */
import { OperatorError } from '../operator-error.ts';

export class ConfigError extends OperatorError {
  override readonly name = 'ConfigError';
  override readonly exitCode = 2;
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}
