/** How the state of gateways is asked for. */
import { Option } from 'commander';
import type { StatusOptions } from '../commands/status.ts';
import { type AddCommand, attempt, portOffset, refuseFlags } from './command.ts';
import { insecure, output } from './remote.ts';

export const status: AddCommand = ({ program, flags }) => {
  insecure(program.command('status').description('shows what gateways know, and whether it is up to date'))
    .addOption(
      new Option(
        '--gateway <url>',
        'admin address of a gateway; can be said several times (default: http://127.0.0.1:9444)',
      ).argParser((url: string, before: readonly string[] | undefined) => [...(before ?? []), url]),
    )
    .option('--port-offset <n>', 'is added to the port of the default address', portOffset)
    .option('-e, --environment <name>', 'asks this control plane which gateways follow it')
    .addOption(output())
    .addHelpText('after', '\nEnds with 1 when a gateway is not ready, or knows nothing new for more than 5 seconds.')
    .action((given: StatusOptions) => {
      refuseFlags(program, flags);
      return attempt(async () => (await import('../commands/status.ts')).status(given));
    });
};
