/** How a browser logs in at an identity provider, and what that then says of its user: one object a protocol. */
import type { IdentityProvider } from '../../core/identity-provider.ts';
import type { Call, KeyManager } from '../call.ts';
import type { Away } from './away.ts';

export interface Upstream {
  readonly protocol: IdentityProvider['protocol'];
  /** The parameter of the provider's answer that says `state` again. */
  readonly stateParameter: 'state' | 'RelayState';
  /** Why it can't be begun, as far as that is seen without a browser; null = no reason is known. */
  problem(km: KeyManager, provider: IdentityProvider): Promise<string | null>;
  /**
   * The address that the browser is sent to.
   * @throws OAuthError temporarily_unavailable when the provider can't be asked for it
   */
  begin(km: KeyManager, provider: IdentityProvider, away: Away): Promise<string>;
  /**
   * Who has logged in there, once everything about the answer is found good. That it is the answer for this state, and that of the
   * provider that was asked, is known already.
   * @throws OAuthError access_denied, which says what was wrong
   */
  finish(call: Call, km: KeyManager, provider: IdentityProvider, away: Away): Promise<AssertedIdentity>;
}

export interface AssertedIdentity {
  /** As the provider tells its users apart. */
  readonly name: string;
  /** Of ours, by the provider's mapping (`ourRoles`). */
  readonly roles: readonly string[];
  readonly claims: Readonly<Record<string, string>>;
  /** How he showed who he is (RFC 8176); none = not known. */
  readonly methods: readonly string[];
  /** When, in seconds since the epoch; null = not known. */
  readonly authenticatedAt: number | null;
  /** When the provider's word for him ends; null = it says nothing of it. */
  readonly endsAt: number | null;
  /** What is good once: its name, unique for the issuer, and until when it has to be remembered. */
  readonly once: { readonly issuer: string; readonly id: string; readonly expiresAt: number };
}
