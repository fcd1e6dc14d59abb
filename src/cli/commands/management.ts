/** `postern management`: the key manager and the control plane in one process, without gateway and sample: a node of several. */

import { printWarnings } from '../print-warnings.ts';
import { runManagement } from '../roles/management.ts';
import { runUntilStopped } from '../run-until-stopped.ts';
import { readSettings, type StartArguments } from '../settings.ts';

export async function management(args: StartArguments): Promise<void> {
  const settings = readSettings(args);
  printWarnings(settings.warnings);
  await runUntilStopped(() => runManagement(settings, ['key-manager', 'control-plane']));
}
