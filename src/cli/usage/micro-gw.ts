/** Commands that only the original's name for the toolkit has. */
import { version } from '../version.ts';
import type { AddCommand } from './command.ts';

export const reset: AddCommand = ({ program }) => {
  program
    .command('reset')
    .description('forgets what "import" remembered; nothing is remembered here')
    .option('-c, --config <file>', 'has no effect')
    .action(
      () => void process.stdout.write('Nothing is remembered between commands, so there is nothing to forget.\n'),
    );
};

export const versionCommand: AddCommand = ({ program }) => {
  program
    .command('version')
    .description('prints the version')
    .action(() => void process.stdout.write(`Postern ${version()}\n`));
};
