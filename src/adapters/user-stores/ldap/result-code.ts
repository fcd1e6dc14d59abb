/** What a server says about a request (RFC 4511 section 4.1.9 and appendix A). */

export const resultCodes = {
  operationsError: 1,
  sizeLimitExceeded: 4,
  noSuchObject: 32,
  busy: 51,
  unavailable: 52,
} as const;

/** Null = it is no answer of a server: the connection was lost, or it took too long. */
export function resultCode(error: unknown): number | null {
  const { code } = error as { code?: unknown };
  // Those of the system are texts.
  return typeof code === 'number' ? code : null;
}

/** Whether the server has said no, and another one would say the same. */
export function isAnswer(error: unknown): boolean {
  const code = resultCode(error);
  const { operationsError, busy, unavailable } = resultCodes;
  return code !== null && code !== operationsError && code !== busy && code !== unavailable;
}
