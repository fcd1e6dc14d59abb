/** How tokens are revoked in an environment. */
import { Argument, Option } from 'commander';
import type { RevokeOptions } from '../commands/revoke.ts';
import type { AddCommand } from './command.ts';
import { environment, output, run } from './remote.ts';

export const revoke: AddCommand = (context) => {
  environment(
    context.program
      .command('revoke')
      .description('revokes a token, or everything that was issued for a user or to a client')
      .addArgument(
        new Argument(
          '[token]',
          'access token, refresh token, API key, or a jti; - reads it from standard input, where nobody else sees it',
        ),
      )
      .addOption(new Option('--user <name>', 'everything issued for this user').conflicts('client'))
      .option('--client <key>', 'everything issued to this consumer key')
      .option('--issued-before <time>', 'of a user or client: what was issued up to this second (default: now)')
      .option('--issuer <address>', 'of the tokens meant, where that is a key manager that is not ours')
      .option('--expires <time>', 'when the last token meant has expired, with --issuer (default: in 24 hours)'),
  )
    .addOption(output())
    .addHelpText('after', '\nA time is like 2026-01-31T12:00:00Z, or in seconds since the epoch.')
    .action((token: string | undefined, given: Omit<RevokeOptions, 'token'>) =>
      run(
        context,
        async () => (await import('../commands/revoke.ts')).revoke({ ...given, ...(token !== undefined && { token }) }),
        given,
      ),
    );
};
