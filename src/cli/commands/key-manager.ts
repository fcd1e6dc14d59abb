/** `postern key-manager`: the token endpoints and the hub, without the control plane's APIs. */

import { printWarnings } from '../print-warnings.ts';
import { runManagement } from '../roles/management.ts';
import { runUntilStopped } from '../run-until-stopped.ts';
import { readSettings, type StartArguments } from '../settings.ts';

export async function keyManager(args: StartArguments): Promise<void> {
  const settings = readSettings(args);
  printWarnings(settings.warnings);
  await runUntilStopped(() => runManagement(settings, ['key-manager']));
}
