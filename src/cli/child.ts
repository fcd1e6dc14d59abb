/** Entry of the processes that `postern start` runs: takes its role and settings from the parent, and its orders. */
import { enableCompileCache } from 'node:module';
import { explain } from './fail.ts';
import { outliveOutput } from './outlive-output.ts';
import type { Running } from './run-until-stopped.ts';
import type { Settings } from './settings.ts';

export type RoleName = 'gateway' | 'management';

export type ToChild = { type: 'start'; role: RoleName; settings: Settings } | { type: 'stop' };
export type FromChild =
  | { type: 'ready'; info: unknown }
  | { type: 'failed'; message: string; exitCode: number }
  /** It was told to end by a signal, and asks whether it is its turn. */
  | { type: 'signalled' };

enableCompileCache(process.env.NODE_COMPILE_CACHE);
outliveOutput();

let running: (Running & { info: unknown }) | null = null;
let stopping = false;

async function run(role: RoleName, settings: Settings): Promise<Running & { info: unknown }> {
  if (role === 'gateway') {
    const { runGateway } = await import('./roles/gateway.ts');
    return runGateway(settings, { beside: true });
  }
  const { runManagement } = await import('./roles/management.ts');
  return runManagement(settings, ['key-manager', 'control-plane'], { withSample: true });
}

async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  await running?.stop();
  process.exit(0);
}

function tell(message: FromChild, told: () => void = () => undefined): void {
  // Without a parent there is nobody to tell; `disconnect` ends this process.
  if (process.connected) process.send?.(message, told);
  else told();
}

process.on('message', (message: ToChild) => {
  if (message.type === 'stop') return void stop();
  run(message.role, message.settings).then(
    async (started) => {
      running = started;
      await started.ready;
      tell({ type: 'ready', info: started.info });
    },
    (error) => {
      const { message: why, exitCode } = explain(error);
      tell({ type: 'failed', message: why, exitCode }, () => process.exit(exitCode));
    },
  );
});
// A terminal or a service manager signals parent and children alike; the parent knows the right order.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => tell({ type: 'signalled' }));
}
process.on('disconnect', () => void stop());
