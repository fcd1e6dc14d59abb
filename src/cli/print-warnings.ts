/** Tells the operator about a configuration that is good, but not what he may believe. */
import { printable } from './printable.ts';

/** @param warnings one line each, for standard error */
export function printWarnings(warnings: readonly string[]): void {
  for (const line of warnings) process.stderr.write(`postern: warning: ${printable(line)}\n`);
}
