/** Shows what an import changes. */
import { document, type OutputFormat } from './output.ts';

export interface Preview {
  readonly name: string;
  /** Of an API. */
  readonly version?: string;
  readonly outcome: 'created' | 'updated' | 'unchanged';
  readonly changes: readonly { readonly field: string; readonly from?: unknown; readonly to?: unknown }[];
  readonly warnings?: readonly string[];
  /** APIs that an application can't be subscribed to. */
  readonly skipped?: readonly { readonly name: string; readonly version: string }[];
}

/** Characters of a value on one line. */
const longest = 200;

export function showPreview(preview: Preview, output: OutputFormat): void {
  if (output !== 'table') {
    process.stdout.write(document(preview, output));
    return;
  }
  const isNew = preview.outcome === 'created';
  for (const { field, from, to } of preview.changes) {
    const [old, now] = [from ?? null, to ?? null];
    if (isNew || old === null) process.stdout.write(`+ ${field}: ${shown(now)}\n`);
    else if (now === null) process.stdout.write(`- ${field}: ${shown(old)}\n`);
    else process.stdout.write(`~ ${field}: ${shown(old)} -> ${shown(now)}\n`);
  }
}

/** On one line, and without anything that would command the terminal. */
function shown(value: unknown): string {
  const text = (typeof value === 'string' ? value : JSON.stringify(value)).replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ');
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
