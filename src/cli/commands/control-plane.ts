/** `postern control-plane`: the control plane's APIs and the hub, without the token endpoints. */

import { printWarnings } from '../print-warnings.ts';
import { runManagement } from '../roles/management.ts';
import { runUntilStopped } from '../run-until-stopped.ts';
import { readSettings, type StartArguments } from '../settings.ts';

export async function controlPlane(args: StartArguments): Promise<void> {
  const settings = readSettings(args);
  printWarnings(settings.warnings);
  await runUntilStopped(() => runManagement(settings, ['control-plane']));
}
