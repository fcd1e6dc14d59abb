/** `postern gateway`: the gateway alone, fed by a control plane elsewhere. */

import { printWarnings } from '../print-warnings.ts';
import { runGateway } from '../roles/gateway.ts';
import { runUntilStopped } from '../run-until-stopped.ts';
import { readSettings, type StartArguments } from '../settings.ts';

export async function gateway(args: StartArguments): Promise<void> {
  const settings = readSettings(args);
  printWarnings(settings.warnings);
  await runUntilStopped(() => runGateway(settings));
}
