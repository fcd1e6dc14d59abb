/** `postern run`: a microgateway with the APIs of an artifact. */
import { prepare } from '../microgateway/prepare.ts';
import type { RunArguments } from '../microgateway/settings.ts';
import { printWarnings } from '../print-warnings.ts';
import { runMicrogateway } from '../roles/microgateway.ts';
import { runUntilStopped } from '../run-until-stopped.ts';

export async function run(args: RunArguments): Promise<void> {
  const preparation = await prepare(args);
  printWarnings(preparation.warnings);
  await runUntilStopped(() => runMicrogateway(preparation));
}
