/** How service providers become known to a control plane. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ServiceProviderOptions } from '../commands/service-provider.ts';
import type { EnvironmentOptions } from '../remote/connection.ts';
import type { OutputFormat } from '../remote/output.ts';
import { type AddCommand, add } from './command.ts';
import { environment, output, run } from './remote.ts';

const commands = () => import('../commands/service-provider.ts');

export const serviceProvider: AddCommand = (context) => {
  const group = context.program
    .command('service-provider')
    .description('who is told by SAML which users have logged in here');
  const named = (name: string, description: string): Command =>
    environment(group.command(name).description(description)).argument('<name>', 'as administrators call it');
  settings(named('add', 'adds one; what its metadata say need not be said')).action(
    (name: string, given: ServiceProviderOptions) =>
      run(context, async () => (await commands()).addServiceProvider(name, given), given),
  );
  settings(named('change', 'changes what is said, and nothing else')).action(
    (name: string, given: ServiceProviderOptions) =>
      run(context, async () => (await commands()).changeServiceProvider(name, given), given),
  );
  environment(group.command('list').description('lists them'))
    .addOption(output())
    .action((given: EnvironmentOptions & { output: OutputFormat }) =>
      run(context, async () => (await commands()).listServiceProviders(given), given),
    );
  named('show', 'all that is known of one')
    .addOption(new Option('--output <form>', 'of what is printed').choices(['yaml', 'json']).default('yaml'))
    .action((name: string, given: EnvironmentOptions & { output: 'json' | 'yaml' }) =>
      run(context, async () => (await commands()).showServiceProvider(name, given), given),
    );
  for (const [name, enabled, description] of [
    ['enable', true, 'takes its requests again'],
    ['disable', false, 'takes its requests no more, and revokes what its assertions were exchanged for'],
  ] as const) {
    named(name, description).action((provider: string, given: EnvironmentOptions) =>
      run(context, async () => (await commands()).switchServiceProvider(provider, enabled, given), given),
    );
  }
  named('remove', 'forgets one, and revokes what its assertions were exchanged for').action(
    (name: string, given: EnvironmentOptions) =>
      run(context, async () => (await commands()).removeServiceProvider(name, given), given),
  );
};

/** Commander knows `--no-x` as x=false, and says x=true of what nobody said unless that has a default. */
function settings(command: Command): Command {
  return command
    .option('--entity-id <uri>', 'Issuer of its requests')
    .option(
      '--consumer-url <address>',
      'its assertion consumer service; the usual one first, if there are several',
      add,
    )
    .option(
      '--landing-origin <origin>',
      'where that sends browsers on, if not to its own; as often as there are some',
      add,
    )
    .option('--certificate <file>', 'PEM, DER (.cer), JKS or PKCS#12; twice while it changes its key', add)
    .option('--certificate-alias <alias>', 'which of the certificates in the file')
    .option('--store-password <password>', 'of the file')
    .option('--metadata <file>', 'its SAML metadata')
    .option(
      '--audience <uri>',
      'for whom else its assertions are, as a token endpoint; as often as there are some',
      add,
    )
    .option('--recipient <address>', 'where else they may be presented; as often as there are some', add)
    .option('--assertion-validity <seconds>', 'that an assertion is good: 30 to 3600 (default: 300)', wholeNumber)
    .option('--role-attribute <name>', "the attribute that says the user's roles; nothing does by default")
    .option('--claim <claim=attribute>', 'name, given_name, family_name or email, and the attribute that says it', add)
    .option('--description <text>', 'for people')
    .option('--require-signed-requests', 'refuses requests that are not signed')
    .option('--no-require-signed-requests', 'takes them (the default, unless its metadata say otherwise)')
    .option('--allow-unsolicited', 'log-ins for it may begin here, at /samlsso?spEntityID=…')
    .option('--no-allow-unsolicited', 'they begin at the service provider (the default)')
    .option('--qualified-names', 'names users with their tenant: mary@carbon.super')
    .option('--no-qualified-names', 'names users without it (the default)');
}

function wholeNumber(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError('Expected a whole number.');
  return Number(value);
}
