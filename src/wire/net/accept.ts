/** Which request a complete head is, if it is one that we take (RFC 9112 3.2, 6.3; RFC 9110 10.1.1). */
import { isHost, isOriginForm, reduceAbsoluteForm } from '../target.ts';
import { isFramed, keepsAlive } from './framing.ts';
import type { Head } from './head.ts';

export interface AcceptedRequest {
  readonly method: string;
  /** Origin form, or the asterisk of OPTIONS. */
  readonly target: string;
  /** Empty if an HTTP/1.0 client did not say. */
  readonly host: string;
  readonly keepsAlive: boolean;
}

/**
 * Null = malformed.
 * @param known a host that is right, as the one of the request before; one that is the same is not looked at again
 */
export function accept(head: Head, known = ''): AcceptedRequest | null {
  let host = head.hosts === 1 ? head.host(known) : undefined;
  if (head.hosts > 1 || ((host !== known || known === '') && !isHost(host, head.minor === 0))) return null;
  if (!isFramed(head) || !isExpected(head)) return null;
  const { method } = head;
  let target = head.slice(head.targetStart, head.targetEnd);
  if (!target.startsWith('/')) {
    const reduced = reduceAbsoluteForm(target, method, host);
    if (reduced) ({ target, host } = reduced);
  }
  if (!isOriginForm(target, method)) return null;
  return { method, target, host: host ?? '', keepsAlive: keepsAlive(head) };
}

/** HTTP/1.0 knows no expectations. */
function isExpected(head: Head): boolean {
  return !head.hasExpect || head.minor === 0 || head.header('expect')?.toLowerCase() === '100-continue';
}
