/**
 * What a microgateway is given once, at its start: the artifact's APIs and policies, and what its configuration says.
 * No source ever replaces or deletes any of it.
 */
import type { EntityChange } from '../core/snapshot.ts';

export interface FixedConfiguration {
  /**
   * APIs and policies of the artifact, and the configured issuers; each with a value, and an id that is its own within
   * its kind (of an issuer its `issuer`, of a policy `level|name`). Other kinds are an Error at the start.
   *
   * With a source besides: its revocations, applications, keys, subscriptions and deny rules hold here too, and so do
   * its application and subscription policies that are not among these. Its issuers are not trusted. Its APIs are not
   * routed; they tell which of these APIs its subscriptions are to, by name and version.
   */
  readonly entities: readonly EntityChange[];
  /** Who may call resources with the scheme `basic_auth`. */
  readonly basicUsers: readonly BasicUser[];
  /**
   * Port of a further HTTPS listener that has the token endpoints (`/token`, `/revoke`, `/authorize`, `/userinfo`) and
   * nothing else. They are on the HTTPS port too, and not on the HTTP port. 0 takes a free one; null = none.
   */
  readonly tokenListenerPort: number | null;
  /**
   * What the subscriptions of opaque tokens are checked by, if the issuer that introspection names is not among the
   * `entities`: the source's data, or nothing.
   */
  readonly opaqueSubscriptions: 'data' | 'none' | 'managed';
}

export interface BasicUser {
  readonly name: string;
  /** Hexadecimal SHA-1 of the password as it is, or `@sha256:{hex}` or `@sha512:{hex}`; in upper or lower case. */
  readonly password: string;
  /** Scopes that the user has at every API. */
  readonly scopes: readonly string[];
}
