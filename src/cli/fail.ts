/** How a command ends that can't do what it was asked for: one line that says why, and an exit status. */
import { OperatorError } from '../platform/operator-error.ts';
import { printable } from './printable.ts';

/** A command was called in a way that can't work. */
export class UsageError extends OperatorError {
  override name = 'UsageError';
  override readonly exitCode = 2;
}

/** Message and exit status for an error. A defect of ours says so, and where to look. */
export function explain(error: unknown): { message: string; exitCode: number } {
  if (error instanceof OperatorError) return { message: error.message, exitCode: error.exitCode };
  const { message = String(error), stack } = error as Error;
  const detail = process.env.POSTERN_DEBUG ? `\n${stack}` : ' (POSTERN_DEBUG=1 shows where)';
  return { message: `unexpected failure: ${message}${detail}`, exitCode: 1 };
}

/** Prints the reason on standard error and ends the process. */
export function failWith(error: unknown): never {
  const { message, exitCode } = explain(error);
  for (const line of message.split('\n')) process.stderr.write(`postern: ${printable(line)}\n`);
  process.exit(exitCode);
}
