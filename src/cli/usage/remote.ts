/** How control planes elsewhere are worked with: environments, log-in, export and import, lists, tokens. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { lifeCycleActions } from '../../core/life-cycle.ts';
import type { ChangeStatusOptions } from '../commands/change-status.ts';
import type { ExportApiOptions, ExportAppOptions } from '../commands/export.ts';
import type { GetOptions } from '../commands/get.ts';
import type { ImportApiOptions, ImportAppOptions } from '../commands/import.ts';
import type { LoginOptions } from '../commands/login.ts';
import type { EnvironmentChange } from '../remote/environments.ts';
import type { OutputFormat } from '../remote/output.ts';
import { type AddCommand, attempt, type CommandContext, refuseFlags } from './command.ts';

export const env: AddCommand = (context) => {
  const group = context.program.command('env').description('the control planes that commands can talk to');
  addresses(group.command('add').description('adds one').argument('<name>', 'as other commands call it'))
    .requiredOption('--url <address>', 'of the control plane: https://host:9443')
    .action((name: string, given: EnvironmentChange & { url: string }) =>
      run(context, async () => (await import('../commands/env.ts')).envAdd(name, given)),
    );
  addresses(group.command('set').description('changes one').argument('<name>', 'which'))
    .option('--url <address>', 'of the control plane; who was logged in is logged out')
    .action((name: string, given: EnvironmentChange) =>
      run(context, async () => (await import('../commands/env.ts')).envSet(name, given)),
    );
  group
    .command('list')
    .description('lists them, and who is logged in')
    .addOption(output())
    .action((given: { output: OutputFormat }) =>
      run(context, async () => (await import('../commands/env.ts')).envList(given)),
    );
  group
    .command('remove')
    .description('forgets one, and who is logged in there')
    .argument('<name>', 'which')
    .action((name: string) => run(context, async () => (await import('../commands/env.ts')).envRemove(name)));
};

export const login: AddCommand = (context) => {
  insecure(context.program.command('login').description('logs in to an environment'))
    .argument('<environment>', 'which')
    .option('-u, --username <name>', 'who; asked for if it is not said')
    .option('-p, --password <password>', 'others may see it in the list of processes')
    .option('--password-stdin', 'the password comes on standard input')
    .action((name: string, given: LoginOptions) =>
      run(context, async () => (await import('../commands/login.ts')).login(name, given), given),
    );
};

export const logout: AddCommand = (context) => {
  insecure(context.program.command('logout').description('ends the log-in, and revokes its tokens'))
    .argument('<environment>', 'which')
    .action((name: string, given: { insecure?: boolean }) =>
      run(context, async () => (await import('../commands/logout.ts')).logout(name, given), given),
    );
};

export const get: AddCommand = (context) => {
  const group = context.program.command('get').description('lists what there is in an environment');
  const list = (name: string, description: string): Command =>
    environment(group.command(name).description(description))
      .option('-q, --query <search>', 'as the search of publisher and developer portal')
      .option('-l, --limit <n>', 'entries at most', positive, 100)
      .addOption(output());
  list('apis', 'APIs that the user may see as a publisher').action((given: GetOptions) =>
    run(context, async () => (await import('../commands/get.ts')).getApis(given), given),
  );
  list('apps', 'applications of the user')
    .option('-o, --owner <name>', 'those of another user, for administrators')
    .action((given: GetOptions) =>
      run(context, async () => (await import('../commands/get.ts')).getApps(given), given),
    );
};

export const changeStatus: AddCommand = (context) => {
  const group = context.program.command('change-status').description('takes a step in a life cycle');
  environment(group.command('api').description('publishes an API, blocks it, deprecates it …'))
    .addOption(
      new Option('-a, --action <action>', 'as the publisher calls it').choices(lifeCycleActions).makeOptionMandatory(),
    )
    .requiredOption('-n, --name <name>', 'of the API')
    .requiredOption('-v, --version <version>', 'of the API')
    .option('-r, --provider <name>', 'of the API')
    .action((given: ChangeStatusOptions) =>
      run(context, async () => (await import('../commands/change-status.ts')).changeStatus(given), given),
    );
};

export const exportCommand: AddCommand = (context) => {
  const group = context.program.command('export').description('writes APIs and applications to folders or archives');
  const written = (command: Command): Command =>
    environment(command)
      .option('--to <path>', 'folder, or archive if it ends in .zip; by default a folder with the name, here')
      .option('--force', 'replaces what is there');
  const formed = (command: Command): Command =>
    written(command)
      .addOption(new Option('--format <form>', 'of the files').choices(['yaml', 'json']).default('yaml'))
      .option('--no-preserve-status', 'leaves out the state in the life cycle: an import does not change it');
  formed(group.command('api').description('one API with its documents, picture and certificates'))
    .requiredOption('-n, --name <name>', 'of the API')
    .requiredOption('-v, --version <version>', 'of the API')
    .option('-r, --provider <name>', 'of the API')
    .action((given: ExportApiOptions) =>
      run(context, async () => (await import('../commands/export.ts')).exportApi(given), given),
    );
  formed(group.command('apis').description('all APIs, each in a folder; goes on where it was interrupted')).action(
    (given: ExportApiOptions) =>
      run(context, async () => (await import('../commands/export.ts')).exportApis(given), given),
  );
  written(group.command('app').description('one application with its subscriptions'))
    .requiredOption('-n, --name <name>', 'of the application')
    .option('-o, --owner <name>', 'of the application; by default the user')
    .option('--with-keys', 'also consumer keys and secrets')
    .action((given: ExportAppOptions) =>
      run(context, async () => (await import('../commands/export.ts')).exportApp(given), given),
    );
};

export const importCommand: AddCommand = (context) => {
  const group = context.program
    .command('import')
    .description('brings exported APIs and applications to an environment');
  const read = (command: Command): Command =>
    environment(command)
      .requiredOption('-f, --file <path>', 'folder or archive')
      .option('--update', 'changes what is there; what is as it should be stays untouched')
      .option('--dry-run', 'shows what would change, and changes nothing')
      .addOption(output());
  read(group.command('api').description('an API with its documents, picture and certificates'))
    .option('--params <file>', 'instead of api_params.yaml in the project, beside it, or here')
    .option('--no-preserve-provider', 'the API belongs to the user, or to whom it belongs there')
    .action((given: ImportApiOptions) =>
      run(context, async () => (await import('../commands/import.ts')).importApi(given), given),
    );
  read(group.command('app').description('an application with its subscriptions and keys'))
    .option('-o, --owner <name>', 'to whom it is to belong')
    .option('--preserve-owner', 'it belongs to the owner that the file names; by default to the user')
    .option('--skip-subscriptions', 'leaves the subscriptions out')
    .option('--skip-keys', 'leaves the keys out')
    .action((given: ImportAppOptions) =>
      run(context, async () => (await import('../commands/import.ts')).importApp(given), given),
    );
};

export function run(
  { program, flags }: CommandContext,
  command: () => Promise<void>,
  { insecure = false }: { insecure?: boolean } = {},
): Promise<void> {
  refuseFlags(program, flags);
  if (insecure)
    process.stderr.write(
      'postern: certificates are not checked (-k): whoever is between reads and changes everything\n',
    );
  return attempt(command);
}

export function environment(command: Command): Command {
  return insecure(command).requiredOption('-e, --environment <name>', 'which control plane, see "postern env"');
}

export function insecure(command: Command): Command {
  return command.option('-k, --insecure', 'believe any certificate');
}

function addresses(command: Command): Command {
  return command
    .option('--token <address>', 'token endpoint, if it is not <url>/oauth2/token')
    .option('--registration <address>', 'where clients register, if it is not <url>/client-registration/v0.17/register')
    .option('--ca <file>', 'certificates (PEM) to believe besides the system’s')
    .option('--timeout <milliseconds>', 'for one request (default: 60000)', positive);
}

export function output(): Option {
  return new Option('--output <form>', 'of what is printed').choices(['table', 'json', 'yaml']).default('table');
}

function positive(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('expected a number from 1 on.');
  return Number(text);
}
