/** What is wrong with files that a user wrote, as commands print it. */
import type { Problem } from '../adapters/openapi/openapi-document.ts';
import { printable } from './printable.ts';

/** More of them on a terminal help nobody. */
const maxShown = 200;

/** Errors first; each with file, place and remedy: `file:line:column: error: what is wrong (at /pointer)`. */
export function describeProblems(problems: readonly Problem[]): string[] {
  const sorted = [...problems].sort((a, b) => a.severity.localeCompare(b.severity));
  const lines = sorted.slice(0, maxShown).flatMap(({ severity, file, line, column, place, message, remedy }) => {
    const at = line === undefined ? file : `${file}:${line}:${column}`;
    return [`${at}: ${severity}: ${message}${place === '' ? '' : ` (at ${place})`}`, `    ${remedy}`];
  });
  if (sorted.length > maxShown) lines.push(`… and ${sorted.length - maxShown} more`);
  return lines.map(printable);
}

/** `3 errors, 1 warning` */
export function countProblems(problems: readonly Problem[]): string {
  const count = (severity: Problem['severity']): string => {
    const { length } = problems.filter((problem) => problem.severity === severity);
    return `${length} ${severity}${length === 1 ? '' : 's'}`;
  };
  return `${count('error')}, ${count('warning')}`;
}
