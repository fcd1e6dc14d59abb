/** A browser that was sent to an identity provider: what it takes along, sealed, for when it comes back. */
import { randomBytes } from 'node:crypto';
import { SealError } from '../../platform/seal.ts';
import { type Call, type KeyManager, seconds } from '../call.ts';
import { longestCookie, readCookie, setCookie } from '../log-in/cookies.ts';
import type { Interaction } from '../log-in/interaction.ts';
import { OAuthError } from '../oauth-error.ts';

export interface Away {
  /** Id of the provider. */
  readonly provider: string;
  /** Comes back with the answer. 43 characters, as the others. */
  readonly state: string;
  /** Stands in what the provider signs. */
  readonly nonce: string;
  /** Of PKCE (RFC 7636). */
  readonly verifier: string;
  /** When it went, in seconds since the epoch. */
  readonly sentAt: number;
  /** The page for the log-in, from which it went. */
  readonly from: Pick<Interaction, 'query' | 'backTo' | 'asked' | 'shownAt'>;
  /** Id of its session then; null = it had none. */
  readonly session: string | null;
}

/** Seconds in which a browser has to be back. */
export const patience = 600;

const purpose = 'away';

/** Another log-in that was begun in this browser is given up: the newest one counts. */
export function goAway({ reply }: Call, km: KeyManager, begin: Pick<Away, 'provider' | 'from' | 'session'>): Away {
  const random = () => randomBytes(32).toString('base64url');
  const { query, backTo, asked, shownAt } = begin.from;
  const away: Away = {
    ...{ provider: begin.provider, session: begin.session, from: { query, backTo, asked, shownAt } },
    ...{ state: random(), nonce: random(), verifier: random(), sentAt: seconds(km.clock) },
  };
  const sealed = km.seal.seal(JSON.stringify(away), purpose);
  if (sealed.length > longestCookie) {
    throw new OAuthError(
      'invalid_request',
      'the request of the application is too long to be remembered by the browser; it can push it (RFC 9126)',
    );
  }
  setCookie(reply, purpose, sealed, patience);
  return away;
}

/**
 * What the browser took along, which is thereby used up.
 * @throws OAuthError invalid_request when this answer is none to the question of this browser
 */
export function comeBack({ request, reply }: Call, km: KeyManager, state: string): Away {
  const away = open(km, readCookie(request, purpose));
  if (away?.state === state) {
    // Not for an answer to something else: any page elsewhere can have the browser bring one.
    setCookie(reply, purpose, '', 0);
    if (away.sentAt + patience >= seconds(km.clock)) return away;
  }
  throw new OAuthError(
    'invalid_request',
    'this answer is to no log-in that was begun in this browser, or to one of long ago; begin once more',
  );
}

function open(km: KeyManager, sealed: string | null): Away | null {
  if (sealed === null) return null;
  try {
    return JSON.parse(km.seal.open(sealed, purpose)) as Away;
  } catch (error) {
    if (error instanceof SealError) return null;
    throw error;
  }
}
