/**
 * An error that whoever operates Postern can mend: its message says what is wrong and what to do, and a command that
 * fails by it prints that and nothing else. Every other error is a defect of ours.
 */
export class OperatorError extends Error {
  /** Exit status of the command: 1, or 2 where what it was told to do makes no sense. */
  readonly exitCode: number = 1;
}
