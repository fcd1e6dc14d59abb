/** The command line: which command, with which options. The commands themselves are in `commands/`, one file each. */
import { Command, InvalidArgumentError } from 'commander';
import { failWith } from './fail.ts';
import type { StartArguments } from './settings.ts';
import { splitFlags } from './split-flags.ts';
import { version } from './version.ts';

// What we write is for its owner only.
process.umask(0o077);

const { flags, rest } = splitFlags(process.argv.slice(2));

const program = new Command('postern')
  .description('API manager: gateway, key manager and control plane.')
  .version(version(), '-V, --version')
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'postern: ')) })
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

function role(name: string, description: string, run: () => Promise<(args: StartArguments) => Promise<void>>): void {
  program
    .command(name)
    .description(description)
    .option('--data <dir>', 'data folder', process.env.POSTERN_DATA ?? 'data')
    .option('--config <file>', 'TOML file with options (see docs/options.md)')
    .option('--port-offset <n>', 'is added to every port of this process', portOffset, 0)
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .addHelpText('after', '\nEvery option of the configuration can be given as --section.key=value.')
    .action(async (given: Omit<StartArguments, 'flags'>) => {
      try {
        await (await run())({ ...given, flags });
      } catch (error) {
        failWith(error);
      }
    });
}

role('start', 'all roles on embedded defaults', async () => (await import('./commands/start.ts')).start);
role(
  'gateway',
  'the gateway alone, fed by the control plane at controlPlane.url',
  async () => (await import('./commands/gateway.ts')).gateway,
);
role('key-manager', 'the key manager alone', async () => (await import('./commands/key-manager.ts')).keyManager);
role(
  'control-plane',
  'the control plane alone',
  async () => (await import('./commands/control-plane.ts')).controlPlane,
);

await program.parseAsync(rest, { from: 'user' });

function portOffset(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 55_000) {
    throw new InvalidArgumentError('expected a number from 0 to 55000.');
  }
  return Number(text);
}
