/** What an authentication scheme is. */
import type { Fault } from '../../core/faults.ts';
import type { Principal } from './principal.ts';

export interface Scheme {
  /** The principal of credentials that were verified before and are still in the cache. */
  cached(credentials: string, now: number): Principal | undefined;
  /**
   * Verifies credentials that are not in the cache. A promise only if somebody else has to be asked.
   * @param credentials the whole value of the Authorization field
   * @param now milliseconds since the epoch
   */
  verify(credentials: string, now: number): Principal | Fault | Promise<Principal | Fault>;
  /** Forgets every verified token: the keys or the key manager behind them have changed. */
  clear(): void;
  /** Forgets which signatures were wrong: an issuer has more keys than before. Absent = it has to do with none. */
  clearRefused?(): void;
}

const form = /^[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9\-._~+/]+=*) *$/;

/** `Bearer <b64token>` (RFC 6750 2.1) without the scheme's name; null if it has another form. */
export function bearerToken(credentials: string): string | null {
  return form.exec(credentials)?.[1] ?? null;
}

/** The token of `DPoP <token>` (RFC 9449 7.1); null if it has another form. */
export function dpopToken(credentials: string): string | null {
  return /^dpop +([A-Za-z0-9\-._~+/]+=*) *$/i.exec(credentials)?.[1] ?? null;
}
