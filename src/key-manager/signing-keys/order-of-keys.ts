/**
 * Which key signs when. The keys of an algorithm follow each other by `signs_from`: the last one whose time has come
 * signs, the others do no more. All nodes decide it from the same rows, each by its own clock.
 */
import type { SigningKeyRow } from '../../adapters/stores/signing-keys.ts';

/**
 * NEXT: published, and signs later. SIGNING: it does. ENDED: it signs no more, and what it signed is good. The others are
 * what gateways don't know: WITHDRAWN when all that it signed has expired, REVOKED before that.
 */
export type KeyPhase = 'NEXT' | 'SIGNING' | 'ENDED' | 'WITHDRAWN' | 'REVOKED';

type Times = Pick<SigningKeyRow, 'kid' | 'algorithm' | 'created_at' | 'signs_from' | 'retired_at' | 'state'>;

/** The key that signs now; undefined = none does. */
export function signingKey<T extends Times>(rows: readonly T[], algorithm: string, now: number): T | undefined {
  const last = lineOf(rows, algorithm).findLast((row) => row.signs_from <= now);
  return last?.state === 'ACTIVE' && (last.retired_at === null || last.retired_at > now) ? last : undefined;
}

/** The key that was published to sign later. */
export function nextKey<T extends Times>(rows: readonly T[], algorithm: string, now: number): T | undefined {
  return lineOf(rows, algorithm).find((row) => row.signs_from > now && row.state === 'ACTIVE');
}

/** The second from which on it signs no more; Infinity = nothing ends it yet. */
export function endOf(row: Times, rows: readonly Times[]): number {
  if (!wasToSign(row)) return row.retired_at as number;
  const line = lineOf(rows, row.algorithm);
  const successor = line[line.findIndex(({ kid }) => kid === row.kid) + 1];
  return Math.min(row.retired_at ?? Number.POSITIVE_INFINITY, successor?.signs_from ?? Number.POSITIVE_INFINITY);
}

export function phaseOf(row: Times, rows: readonly Times[], now: number): KeyPhase {
  if (row.state !== 'ACTIVE') return row.state;
  if (endOf(row, rows) <= now) return 'ENDED';
  return row.signs_from > now ? 'NEXT' : 'SIGNING';
}

/** A key that was taken back before its time follows nobody. One that was revoked later has ended the one before it. */
const wasToSign = ({ signs_from, retired_at }: Times): boolean => retired_at === null || retired_at > signs_from;

function lineOf<T extends Times>(rows: readonly T[], algorithm: string): T[] {
  return rows
    .filter((row) => row.algorithm === algorithm && wasToSign(row))
    .toSorted((a, b) => a.signs_from - b.signs_from || a.created_at - b.created_at || (a.kid < b.kid ? -1 : 1));
}
