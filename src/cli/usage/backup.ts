/** How the store is copied out, and put back. */
import type { Command } from 'commander';
import type { BackupArguments } from '../commands/backup.ts';
import type { RestoreArguments } from '../commands/restore.ts';
import { type AddCommand, attempt } from './command.ts';

export const backup: AddCommand = ({ program, flags }) => {
  onStore(program.command('backup').description('writes everything in the store to one file, while Postern runs'))
    .option('--with-keys', 'also keys/ and certificates/ of the data folder: who has the file has every secret')
    .option('--force', 'takes the place of a file that is there')
    .action((file: string, given: Omit<BackupArguments, 'file' | 'flags'>) =>
      attempt(async () => (await import('../commands/backup.ts')).backup({ ...given, file, flags })),
    );
};

export const restore: AddCommand = ({ program, flags }) => {
  onStore(program.command('restore').description('makes a store of a backup, on SQLite or PostgreSQL'))
    .option('--force', 'takes the place of a store that is there')
    .option('--revoke-issued', 'revokes every token and API key issued before now, also those it does not know of')
    .action((file: string, given: Omit<RestoreArguments, 'file' | 'flags'>) =>
      attempt(async () => (await import('../commands/restore.ts')).restore({ ...given, file, flags })),
    );
};

function onStore(command: Command): Command {
  return command
    .argument('<file>', 'of the backup')
    .option('--data <dir>', 'data folder', process.env.POSTERN_DATA ?? 'data')
    .option('--config <file>', 'TOML file with options (see docs/options.md)')
    .addHelpText('after', '\nThe store is the one of the data folder, or that of --store.url=postgresql://…');
}
