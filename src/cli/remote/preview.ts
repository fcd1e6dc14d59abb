/** Shows what an import changes. */

import { printable } from '../printable.ts';
import { document, type OutputFormat } from './output.ts';
import { RemoteError } from './remote-error.ts';

export interface Preview {
  readonly name: string;
  /** Of an API. */
  readonly version?: string;
  readonly outcome: 'created' | 'updated' | 'unchanged';
  readonly changes: readonly { readonly field: string; readonly from?: unknown; readonly to?: unknown }[];
  readonly warnings: readonly string[];
  /** APIs that an application can't be subscribed to. */
  readonly skipped: readonly { readonly name: string; readonly version: string }[];
}

const outcomes = ['created', 'updated', 'unchanged'] as const;

/** @throws RemoteError when the answer to an import is not in the form of one */
export function readPreview(answer: unknown): Preview {
  const { name, version, outcome, changes, warnings = [], skipped = [] } = (answer ?? {}) as Record<string, unknown>;
  const isList = (value: unknown, kind: string): boolean =>
    Array.isArray(value) && value.every((one) => typeof one === kind && one !== null);
  if (
    typeof name === 'string' &&
    (version === undefined || typeof version === 'string') &&
    outcomes.some((one) => one === outcome) &&
    isList(changes, 'object') &&
    isList(warnings, 'string') &&
    isList(skipped, 'object')
  ) {
    return { ...(answer as Preview), warnings, skipped } as Preview;
  }
  throw new RemoteError('the answer to the import is not that of a control plane; nothing more was sent');
}

/** Characters of a value on one line. */
const longest = 200;

export function showPreview(preview: Preview, output: OutputFormat): void {
  if (output !== 'table') {
    process.stdout.write(document(preview, output));
    return;
  }
  const isNew = preview.outcome === 'created';
  for (const { field: name, from, to } of preview.changes) {
    const field = printable(String(name));
    const [old, now] = [from ?? null, to ?? null];
    if (isNew || old === null) process.stdout.write(`+ ${field}: ${shown(now)}\n`);
    else if (now === null) process.stdout.write(`- ${field}: ${shown(old)}\n`);
    else process.stdout.write(`~ ${field}: ${shown(old)} -> ${shown(now)}\n`);
  }
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return printable(text.length > longest ? `${text.slice(0, longest)}…` : text);
}
