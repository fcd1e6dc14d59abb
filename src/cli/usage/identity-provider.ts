/** How identity providers become known to a control plane. */
import { type Command, Option } from 'commander';
import type { IdentityProviderOptions } from '../commands/identity-provider.ts';
import type { EnvironmentOptions } from '../remote/connection.ts';
import type { OutputFormat } from '../remote/output.ts';
import { type AddCommand, add } from './command.ts';
import { environment, output, run } from './remote.ts';

const commands = () => import('../commands/identity-provider.ts');

export const identityProvider: AddCommand = (context) => {
  const group = context.program
    .command('identity-provider')
    .description('who speaks for users: at whose pages they log in, and whose assertions are exchanged for tokens');
  const named = (name: string, description: string): Command =>
    environment(group.command(name).description(description)).argument('<name>', 'as administrators call it');
  settings(named('add', 'adds one; what its metadata say need not be said')).action(
    (name: string, given: IdentityProviderOptions) =>
      run(context, async () => (await commands()).addIdentityProvider(name, given), given),
  );
  settings(named('change', 'changes what is said, and nothing else')).action(
    (name: string, given: IdentityProviderOptions) =>
      run(context, async () => (await commands()).changeIdentityProvider(name, given), given),
  );
  environment(group.command('list').description('lists them'))
    .addOption(output())
    .action((given: EnvironmentOptions & { output: OutputFormat }) =>
      run(context, async () => (await commands()).listIdentityProviders(given), given),
    );
  named('show', 'all that is known of one')
    .addOption(new Option('--output <form>', 'of what is printed').choices(['yaml', 'json']).default('yaml'))
    .action((name: string, given: EnvironmentOptions & { output: 'json' | 'yaml' }) =>
      run(context, async () => (await commands()).showIdentityProvider(name, given), given),
    );
  for (const [name, enabled, description] of [
    ['enable', true, 'believes it again'],
    ['disable', false, 'believes it no more, and revokes what was given for its word'],
  ] as const) {
    named(name, description).action((provider: string, given: EnvironmentOptions) =>
      run(context, async () => (await commands()).switchIdentityProvider(provider, enabled, given), given),
    );
  }
  named('remove', 'forgets one, and revokes what was given for its word').action(
    (name: string, given: EnvironmentOptions) =>
      run(context, async () => (await commands()).removeIdentityProvider(name, given), given),
  );
};

/** Commander knows `--no-x` as x=false, and says x=true of what nobody said unless that has a default. */
function settings(command: Command): Command {
  return command
    .option('--oidc', 'it speaks OpenID Connect; else SAML 2.0')
    .option('--log-in', 'users may log in with it: it has a button on the page for that')
    .option('--no-log-in', 'they may not (the default)')
    .option('--issuer <url>', 'of OpenID Connect: what its id tokens say, and below which its metadata are')
    .option('--client-id <id>', 'how it calls us')
    .option('--client-secret-file <file>', 'what it gave us to show who we are; - reads it from standard input')
    .option('--scope <name>', 'what it is asked for, openid too (default: openid, profile, email)', add)
    .option('--name-claim <claim>', 'by what its users are told apart (default: sub)')
    .option('--user-info', 'it is asked for claims that are not in the id token (the default)')
    .option('--no-user-info', 'it is not')
    .option('--name-attribute <name>', 'of SAML 2.0: the attribute by which its users are told apart (default: NameID)')
    .option('--name-id-format <uri>', 'of SAML 2.0: the kind of NameID that is asked for')
    .option(
      '--sign-requests',
      'of SAML 2.0: signs the requests that browsers take there (default: as its metadata want it)',
    )
    .option('--no-sign-requests', 'does not')
    .option('--entity-id <uri>', 'Issuer of its assertions')
    .option('--certificate <file>', 'PEM, DER (.cer), JKS or PKCS#12; twice while it changes its key', add)
    .option('--certificate-alias <alias>', 'which of the certificates in the file')
    .option('--store-password <password>', 'of the file')
    .option('--metadata <file>', 'its SAML metadata')
    .option('--alias <uri>', 'how it calls our token endpoint, if not by its address')
    .option('--sso-url <address>', 'where browsers log in')
    .option('--service-provider-entity-id <uri>', 'how it calls us')
    .option('--role-attribute <name>', 'the attribute or claim that has its roles')
    .option('--role <theirs=ours>', 'a role here for one of its own; as often as there are some', add)
    .option(
      '--claim <attribute=claim>',
      'what an attribute or claim becomes in user info; as often as there are some',
      add,
    )
    .option('--description <text>', 'for people')
    .option(
      '--local-accounts',
      'whom it names is the user of that name here, if there is one (the default of SAML 2.0 without --log-in)',
    )
    .option('--no-local-accounts', 'whom it names is never one of the users here (the default otherwise)')
    .option('--allow-sha1', 'takes signatures by SHA-1, as old identity providers make them')
    .option('--no-allow-sha1', 'takes none (the default)');
}
