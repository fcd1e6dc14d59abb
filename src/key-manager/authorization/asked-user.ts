/** Whom the client wants to be logged in, if it says so: nobody else's tokens are its answer (OpenID Connect Core section 3.1.2.2). */
import type { Call, KeyManager } from '../call.ts';
import { readHint } from '../log-in/id-token-hint.ts';
import { readClaims } from '../log-in/requested-claims.ts';
import { OAuthError } from '../oauth-error.ts';

/** The names, any of which will do; null = whoever it is. @throws OAuthError invalid_request */
export async function askedUsers({ form }: Call, km: KeyManager): Promise<readonly unknown[] | null> {
  const named = readClaims(form).id_token.sub ?? null;
  const text = form.get('id_token_hint');
  if (text === null) return named;
  const hint = await readHint(text, km);
  if (!hint) throw new OAuthError('invalid_request', 'id_token_hint: expected an id token of this issuer');
  return named === null ? [hint.subject] : named.filter((one) => one === hint.subject);
}
