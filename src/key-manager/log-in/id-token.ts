/** Id tokens (OpenID Connect Core section 2): who logged in, when and how, for the client and nobody else. */
import type { ClientRow } from '../../adapters/stores/clients.ts';
import { type KeyManager, seconds } from '../call.ts';
import { metadataOf } from '../clients/client-metadata.ts';
import type { TokenPlan } from '../formats/format.ts';
import { halfHash } from '../proofs/half-hash.ts';
import type { Issued } from '../tokens/issue.ts';
import { rolesOf } from '../tokens/roles.ts';
import type { LogIn } from './log-in.ts';
import { claimsFor, userClaims } from './user-claims.ts';

/**
 * With an id token, if the user logged in here and `openid` was granted. None for an assertion: it could be exchanged for
 * tokens that outlive that.
 */
export async function withIdToken(km: KeyManager, plan: TokenPlan, issued: Issued): Promise<Issued> {
  const { logIn, notAfter } = plan;
  if (!logIn || notAfter !== undefined || !plan.scope.split(' ').includes('openid')) return issued;
  return { ...issued, idToken: await idTokenOf(km, { ...plan, logIn }, issued.access.value) };
}

/** @param accessToken that comes with it; null = none */
export async function idTokenOf(
  km: KeyManager,
  { client, subject, logIn }: Pick<TokenPlan, 'client' | 'subject'> & { readonly logIn: LogIn },
  accessToken: string | null,
): Promise<string> {
  const now = seconds(km.clock);
  const algorithm = idTokenAlgorithm(client, km);
  const claims = {
    ...(logIn.idToken && claimsFor((await userClaims(km, subject)) ?? {}, [], logIn.idToken)),
    iss: km.options.issuer,
    sub: subject,
    aud: client.consumer_key,
    azp: client.consumer_key,
    iat: now,
    exp: now + km.options.idTokenValidity,
    ...(logIn.authenticatedAt !== undefined && { auth_time: logIn.authenticatedAt }),
    ...(logIn.methods.length > 0 && { amr: [...logIn.methods] }),
    sid: logIn.session,
    ...(accessToken === null ? {} : { at_hash: halfHash(algorithm, accessToken) }),
    ...(await rolesClaim(km, subject)),
    ...(logIn.nonce === null ? {} : { nonce: logIn.nonce }),
  };
  return km.keys.sign(claims, 'JWT', algorithm);
}

/** What the client asked for when it registered, or else that of the options. */
const idTokenAlgorithm = (client: ClientRow, { options }: KeyManager): string =>
  metadataOf(client).id_token_signed_response_alg ?? options.signingAlgorithm;

/** The roles of now, under the name that the option `tokens.rolesClaim` gives them. */
async function rolesClaim(km: KeyManager, subject: string): Promise<Record<string, string[]>> {
  const name = km.options.rolesClaim;
  return name === '' ? {} : { [name]: [...((await rolesOf(km, subject)) ?? [])] };
}
