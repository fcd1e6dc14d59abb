/** What a client says of itself beyond what every client has, in the names of RFC 7591. */
import type { ClientRow } from '../adapters/stores/clients.ts';

export interface ClientMetadata {
  /** Where browsers may be sent back to, beside the callback URL. */
  readonly redirect_uris?: readonly string[];
  /** Where they may be sent after a log-out (OpenID Connect RP-Initiated Logout section 3.1). */
  readonly post_logout_redirect_uris?: readonly string[];
  /** Where it is told that a user has logged out (OpenID Connect Back-Channel Logout section 2.2). */
  readonly backchannel_logout_uri?: string;
  /** `none`: a public client, which can keep no secret. Absent: its secret, in the header or in the body. */
  readonly token_endpoint_auth_method?: string;
  /** Algorithm of its id tokens (OpenID Connect Registration section 2). Absent: as the option says. */
  readonly id_token_signed_response_alg?: string;
}

export function metadataOf(client: ClientRow): ClientMetadata {
  return JSON.parse(client.metadata) as ClientMetadata;
}

/** It runs where its owner does not control it, and can keep no secret (RFC 6749 section 2.1). */
export const isPublic = (client: ClientRow): boolean => metadataOf(client).token_endpoint_auth_method === 'none';

/** Every URI that browsers may be sent back to. `regexp=(a|b)` in the callback URL stands for several. */
export function redirectUrisOf(client: ClientRow): readonly string[] {
  const several = /^regexp=\(?(.+?)\)?$/.exec(client.callback_url)?.[1];
  // Its alternatives are compared as a whole, like all others (RFC 9700 section 4.1.3), not matched.
  const own = several === undefined ? [client.callback_url] : several.split('|').map((one) => one.replaceAll('\\', ''));
  // A host alone, which stands for no URI, would be a path of ours in a browser.
  return [...own.filter((uri) => URL.canParse(uri)), ...(metadataOf(client).redirect_uris ?? [])];
}
