/** An id token of ours that a client shows, to say whom it means (`id_token_hint`). */
import type { KeyManager } from '../call.ts';

export interface IdTokenHint {
  readonly client: string;
  readonly subject: string;
  readonly session: string;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  readonly expires: number;
}

/** Also an expired one: it says whom it is about, and lets nobody in. Null = it is no id token of ours. */
export async function readHint(text: string | null, km: KeyManager): Promise<IdTokenHint | null> {
  const claims = text === null ? null : await km.keys.verify(text);
  // Access tokens and log-out tokens have no `azp`.
  if (!claims || claims.iss !== km.options.issuer || claims.aud !== claims.azp) return null;
  const { aud: client, sub: subject, sid: session, iat: issuedAt = 0, exp: expires = 0 } = claims;
  if (typeof client !== 'string' || typeof subject !== 'string' || typeof session !== 'string') return null;
  return { client, subject, session, issuedAt, expires };
}
