/** What a client says of itself beyond what every client has, in the names of RFC 7591. */
import type { ClientRow } from '../../adapters/stores/clients.ts';
import type { PublicJwk } from '../../core/token.ts';

export interface ClientMetadata {
  /** As it calls itself. What users are shown is the client's `name`. */
  readonly client_name?: string;
  /** Where browsers may be sent back to, beside the callback URL. */
  readonly redirect_uris?: readonly string[];
  /** Where they may be sent after a log-out (OpenID Connect RP-Initiated Logout section 3.1). */
  readonly post_logout_redirect_uris?: readonly string[];
  /** Where it is told that a user has logged out (OpenID Connect Back-Channel Logout section 2.2). */
  readonly backchannel_logout_uri?: string;
  /** `none`: a public client, which can keep no secret. Absent: its secret, in the header or in the body. */
  readonly token_endpoint_auth_method?: string;
  /** Whether its requests for authorization have to be pushed (RFC 9126 section 6). */
  readonly require_pushed_authorization_requests?: boolean;
  /** Whether its tokens have to be bound to a key (RFC 9449 section 5.2). */
  readonly dpop_bound_access_tokens?: boolean;
  /** Whether its tokens are bound to the certificate of its connection (RFC 8705 section 3.4). */
  readonly tls_client_certificate_bound_access_tokens?: boolean;
  /** The one name by which its certificate is known, of `tls_client_auth` (RFC 8705 section 2.1.2). */
  readonly tls_client_auth_subject_dn?: string;
  readonly tls_client_auth_san_dns?: string;
  readonly tls_client_auth_san_uri?: string;
  readonly tls_client_auth_san_ip?: string;
  readonly tls_client_auth_san_email?: string;
  /** Its public keys, or where it publishes them: what it signs is verified with them. */
  readonly jwks?: { readonly keys: readonly PublicJwk[] };
  readonly jwks_uri?: string;
  /** Algorithm of its id tokens (OpenID Connect Registration section 2). Absent: as the option says. */
  readonly id_token_signed_response_alg?: string;
  /** Algorithm of signed answers about tokens (RFC 9701 section 6). Absent: RS256, or as the option says. */
  readonly introspection_signed_response_alg?: string;
}

/** Rows are remembered, and each request of a client looks at it several times. */
const read = new WeakMap<Pick<ClientRow, 'metadata'>, ClientMetadata>();

export function metadataOf(client: Pick<ClientRow, 'metadata'>): ClientMetadata {
  const known = read.get(client);
  if (known !== undefined) return known;
  const metadata = JSON.parse(client.metadata) as ClientMetadata;
  read.set(client, metadata);
  return metadata;
}

/** It runs where its owner does not control it, and can keep no secret (RFC 6749 section 2.1). */
export const isPublic = (client: Pick<ClientRow, 'metadata'>): boolean =>
  metadataOf(client).token_endpoint_auth_method === 'none';

/** Every URI that browsers may be sent back to. `regexp=(a|b)` in the callback URL stands for several. */
export function redirectUrisOf(client: ClientRow): readonly string[] {
  const several = /^regexp=\(?(.+?)\)?$/.exec(client.callback_url)?.[1];
  // Its alternatives are compared as a whole, like all others (RFC 9700 section 4.1.3), not matched.
  const own = several === undefined ? [client.callback_url] : several.split('|').map((one) => one.replaceAll('\\', ''));
  // A host alone, which stands for no URI, would be a path of ours in a browser.
  return [...own.filter((uri) => URL.canParse(uri)), ...(metadataOf(client).redirect_uris ?? [])];
}
