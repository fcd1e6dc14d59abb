/** What commands print on standard output: a table for people; JSON or YAML for programs. */
import { stringify } from 'yaml';
import { printable, printableDocument } from '../printable.ts';

export const formats = ['table', 'json', 'yaml'] as const;
export type OutputFormat = (typeof formats)[number];

/** @param columns heading and field, for the table; the other forms have every field */
export function print(
  rows: readonly Readonly<Record<string, unknown>>[],
  columns: readonly (readonly [heading: string, field: string])[],
  format: OutputFormat,
): void {
  process.stdout.write(format === 'table' ? table(rows, columns) : document(rows, format));
}

/** One thing, as JSON or YAML. */
export function document(value: unknown, format: 'json' | 'yaml'): string {
  return printableDocument(
    format === 'json' ? `${JSON.stringify(value, null, 2)}\n` : stringify(value, { lineWidth: 0 }),
  );
}

function table(
  rows: readonly Readonly<Record<string, unknown>>[],
  columns: readonly (readonly [heading: string, field: string])[],
): string {
  const lines = [
    columns.map(([heading]) => heading),
    ...rows.map((row) => columns.map(([, field]) => cell(row[field]))),
  ];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => (line[at] as string).length)));
  return lines
    .map(
      (line) =>
        `${line
          .map((text, at) => text.padEnd(widths[at] as number))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

function cell(value: unknown): string {
  const said = value === undefined || value === null ? '' : value;
  const text = typeof said === 'string' ? said : JSON.stringify(said);
  return printable(text);
}
