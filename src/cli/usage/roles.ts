/** How the roles of Postern are started: all of them, or one. */
import type { StartArguments } from '../settings.ts';
import { type AddCommand, attempt, type CommandContext, type Strict, strictly, withListeners } from './command.ts';

export const start: AddCommand = (context) =>
  role(context, 'start', 'all roles on embedded defaults', async () => (await import('../commands/start.ts')).start);

export const gateway: AddCommand = (context) =>
  role(
    context,
    'gateway',
    'the gateway alone, fed by the control plane at controlPlane.url',
    async () => (await import('../commands/gateway.ts')).gateway,
  );

export const keyManager: AddCommand = (context) =>
  role(
    context,
    'key-manager',
    'the key manager alone',
    async () => (await import('../commands/key-manager.ts')).keyManager,
  );

export const controlPlane: AddCommand = (context) =>
  role(
    context,
    'control-plane',
    'the control plane alone',
    async () => (await import('../commands/control-plane.ts')).controlPlane,
  );

export const management: AddCommand = (context) =>
  role(
    context,
    'management',
    'key manager and control plane in one process: a node of several on one store',
    async () => (await import('../commands/management.ts')).management,
  );

function role(
  { program, flags }: CommandContext,
  name: string,
  description: string,
  load: () => Promise<(args: StartArguments) => Promise<void>>,
): void {
  withListeners(program.command(name).description(description), 'docs/options.md').action(
    ({ strict, ...given }: Omit<StartArguments, 'flags'> & Strict) =>
      attempt(async () => (await load())({ ...given, flags: strictly(strict, flags) })),
  );
}
