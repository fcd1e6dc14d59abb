/** How a microgateway is started. */
import type { RunArguments } from '../microgateway/settings.ts';
import { type AddCommand, attempt, type Strict, strictly, withListeners } from './command.ts';

export const run: AddCommand = ({ program, flags }) => {
  const command = program
    .command('run')
    .description('a microgateway with the APIs of an artifact')
    .argument('<artifact>', 'file that "postern build" wrote');
  withListeners(command, 'docs/microgateway-options.md')
    .addHelpText(
      'after',
      `
Addresses and credentials of back ends are replaced by --NAME_prod_endpoint_0=URL, --NAME_prod_basic_username=… and
--NAME_prod_basic_password=… (or sand for prod), better in the environment.`,
    )
    .action((artifact: string, { strict, ...given }: Omit<RunArguments, 'artifact' | 'flags'> & Strict) =>
      attempt(async () =>
        (await import('../commands/run.ts')).run({ ...given, artifact, flags: strictly(strict, flags) }),
      ),
    );
};
