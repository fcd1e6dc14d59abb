/** A code that is presented once more: somebody has a copy of it, and nobody keeps what it gave (RFC 6749 section 4.1.2). */
import { revokeFamily } from '../../adapters/stores/revocations.ts';
import { type KeyManager, seconds } from '../call.ts';
import { OAuthError } from '../oauth-error.ts';

/** @param id of the code, which is the family of its tokens. @throws OAuthError invalid_grant, when they are revoked */
export async function presentedAgain(km: KeyManager, { id }: { readonly id: string }): Promise<never> {
  await km.write((tx) => revokeFamily(tx, id, seconds(km.clock)));
  throw new OAuthError('invalid_grant', 'the code was used already; the tokens that it gave are revoked');
}
