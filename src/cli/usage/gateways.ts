/** How gateways elsewhere become known to a control plane, and cease to be. */
import { InvalidArgumentError, Option } from 'commander';
import type { EnrolArguments } from '../commands/enrol.ts';
import type { GatewaysOptions, InviteOptions } from '../commands/gateways.ts';
import type { OutputFormat } from '../remote/output.ts';
import { type AddCommand, attempt, refuseFlags } from './command.ts';
import { environment, output, run } from './remote.ts';

export const gateways: AddCommand = (context) => {
  const group = context.program.command('gateways').description('which gateways may follow a control plane');
  environment(group.command('invite').description('makes a code with which a gateway enrols, once'))
    .option('--name <name>', 'what it will be called; by default it says that itself')
    .addOption(
      new Option('--valid <time>', 'how long the code is good: 90s, 15m, 2h, 1d')
        .argParser(duration)
        .default(900, '15m'),
    )
    .action((given: InviteOptions) =>
      run(context, async () => (await import('../commands/gateways.ts')).inviteGateway(given), given),
    );
  environment(group.command('list').description('certificates that were issued, and gateways that are connected'))
    .addOption(output())
    .action((given: GatewaysOptions & { output: OutputFormat }) =>
      run(context, async () => (await import('../commands/gateways.ts')).listGateways(given), given),
    );
  environment(group.command('expel').description('refuses the certificates that a gateway has, from now on'))
    .argument('<gateway>', 'its name, or the fingerprint of one certificate')
    .action((gateway: string, given: GatewaysOptions) =>
      run(context, async () => (await import('../commands/gateways.ts')).expelGateway(gateway, given), given),
    );
};

export const enrol: AddCommand = ({ program, flags }) => {
  program
    .command('enrol')
    .description('gets the certificate of a gateway on this machine, with a code of "postern gateways invite"')
    .argument('<code>', 'as it was printed')
    .requiredOption('--server-url <address>', 'the control plane: https://host:9443')
    .option('--name <name>', 'what the gateway is called, unless the code says it (default: the name of the machine)')
    .option('--data <dir>', 'data folder', process.env.POSTERN_DATA ?? 'data')
    .option('--force', 'takes the place of certificates of another authority, or of those of a control plane')
    .action((code: string, given: Omit<EnrolArguments, 'code'>) => {
      refuseFlags(program, flags);
      return attempt(async () => (await import('../commands/enrol.ts')).enrol({ ...given, code }));
    });
};

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds. */
function duration(text: string): number {
  const [, number, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const seconds = Number(number) * (units[unit ?? ''] ?? 0);
  if (!(seconds >= 60 && seconds <= 604_800)) throw new InvalidArgumentError('expected from 60s to 7d.');
  return seconds;
}
