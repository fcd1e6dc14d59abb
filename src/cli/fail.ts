/** How a command ends that can't do what it was asked for: one line that says why, and an exit status. */

/** Errors that an operator can mend, with the exit status. Their messages say what is wrong and what to do. */
const mendable: Readonly<Record<string, number>> = {
  ConfigError: 2,
  UsageError: 2,
  ListenError: 1,
  LockError: 1,
  StoreError: 1,
  SealError: 1,
  CertificatesError: 1,
  DiskCopyError: 1,
  UserStoreError: 1,
  DataFolderError: 1,
};

/** A command was called in a way that can't work. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** Message and exit status for an error. A defect of ours says so, and where to look. */
export function explain(error: unknown): { message: string; exitCode: number } {
  const { name = '', message = String(error), stack } = error as Error;
  // A child's own words and status.
  const exitCode = name === 'ChildError' ? (error as { exitCode: number }).exitCode : mendable[name];
  if (exitCode !== undefined) return { message, exitCode };
  const detail = process.env.POSTERN_DEBUG ? `\n${stack}` : ' (POSTERN_DEBUG=1 shows where)';
  return { message: `unexpected failure: ${message}${detail}`, exitCode: 1 };
}

/** Prints the reason on standard error and ends the process. */
export function failWith(error: unknown): never {
  const { message, exitCode } = explain(error);
  for (const line of message.split('\n')) process.stderr.write(`postern: ${line}\n`);
  process.exit(exitCode);
}
