/** What must not have been of codes and refresh tokens. */
import type { Violation } from './check.ts';
import type { History, PresentationRecord } from './history.ts';

export function checkLogIns(history: History): Violation[] {
  const violations: Violation[] = [];
  const all = history.presentations.filter((one) => !isForgotten(history, one));
  for (const [key, presented] of Map.groupBy(all, ({ what, which }) => `${what} ${which}`)) {
    const add = (rule: Violation['rule'], at: number, what: string) =>
      violations.push({ rule, at, what: `${key}: ${what}` });
    const given = presented.filter(({ answer }) => answer === 'tokens');
    // A refresh token that was used gives the same again, if the answer may have been lost.
    if (presented[0]?.what === 'code' && given.length > 1) {
      add('given twice', given[1]?.start ?? 0, `${given.length} answers had tokens`);
    }
    const [first] = presented.toSorted((a, b) => a.start - b.start);
    if (first?.answer === 'refused' && !mayBeRevoked(history, first)) {
      add('refused although good', first.start, 'invalid_grant, and nobody had presented or revoked it before');
    }
  }
  return violations;
}

/** A revocation of the access token ends what gave it; one of the client ends all that was given or asked for before. */
function mayBeRevoked({ revocations }: History, { token, application, issued, end }: PresentationRecord): boolean {
  return revocations.some(({ by, tokens, doubtful, application: of, start, answered }) => {
    if (start > end) return false;
    if (token !== null && (tokens.includes(token) || doubtful.includes(token))) return true;
    return by === 'client' && of === application && (answered ?? Number.POSITIVE_INFINITY) > issued - sameSecond;
  });
}

/** What is asked for in the second of a revocation waits for the next one. */
const sameSecond = 2000;

/** A backup that does not know it was put back. */
function isForgotten({ restore }: History, { issued, end }: PresentationRecord): boolean {
  return restore !== null && issued < restore.restored && end > restore.stopped;
}
