/** How a user gets a new password in an environment. */
import type { PasswordLinkOptions } from '../commands/password-link.ts';
import type { AddCommand } from './command.ts';
import { environment, run } from './remote.ts';

export const passwordLink: AddCommand = (context) => {
  environment(
    context.program
      .command('password-link')
      .description('makes a link by which a user sets a new password, once')
      .argument('<user>', 'whose password'),
  ).action((user: string, given: PasswordLinkOptions) =>
    run(context, async () => (await import('../commands/password-link.ts')).passwordLink(user, given), given),
  );
};
