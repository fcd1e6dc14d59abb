/**
 * Answers about tokens that are signed, for those who have to show later what they were told (RFC 9701). What is said of the
 * token stands in a claim of its own, so that no answer passes for a token or an id token.
 */
import { type Call, type KeyManager, seconds } from '../call.ts';
import { metadataOf } from '../clients/client-metadata.ts';
import { OAuthError } from '../oauth-error.ts';
import type { Introspection } from './introspection.ts';

/** Its `typ` is the part after the slash. */
export const signedIntrospectionType = 'application/token-introspection+jwt';

/** Whether the caller names the signed form, and prefers none that it names beside it (RFC 9110 section 12.5.1). */
export function asksForSigned(accept: string | undefined): boolean {
  if (!accept?.toLowerCase().includes(signedIntrospectionType)) return false;
  let [signed, plain] = [0, 0];
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const weight = Number(parameters.find((one) => one.startsWith('q='))?.slice(2) ?? 1);
    if (type === signedIntrospectionType) signed = weight;
    if (type === 'application/json') plain = weight;
  }
  return signed > 0 && signed >= plain;
}

/** Seconds that the key is looked up for at least: the answer is about now, and has no end of its own. */
const readWithin = 86_400;

/** @throws OAuthError 406 for a gateway, which has no name that the answer could be for */
export function signIntrospection(
  call: Call,
  km: KeyManager,
  token_introspection: Introspection | { readonly active: false },
): Promise<string> {
  const audience = call.hasClient ? call.client.consumer_key : call.user?.fullName;
  if (audience === undefined) {
    throw new OAuthError('invalid_request', 'signed answers are for clients and users, who have a name', 406);
  }
  const now = seconds(km.clock);
  const algorithm = (call.hasClient && metadataOf(call.client).introspection_signed_response_alg) || usual(km);
  const type = signedIntrospectionType.replace('application/', '');
  // Neither `sub` nor `exp`, without which it is an access token nowhere (section 8.1).
  const claims = { iss: km.options.issuer, aud: audience, iat: now, token_introspection };
  return km.keys.sign(claims, type, algorithm, now + readWithin);
}

/** What RFC 9701 section 6 names, where there is a key for it. */
const usual = ({ keys, options }: KeyManager): string =>
  keys.algorithms.includes('RS256') ? 'RS256' : options.signingAlgorithm;
