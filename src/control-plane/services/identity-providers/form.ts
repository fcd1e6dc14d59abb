/** An identity provider as the admin API shows and takes it. */
import type { IdentityProvider, OpenIdClient, SamlSettings } from '../../../core/identity-provider.ts';

/** What is left out when one is made has its default; when one is changed, it is as in a new one. */
export interface IdentityProviderForm extends Partial<Omit<IdentityProvider, 'id' | 'tenant' | 'oidc' | 'saml2'>> {
  readonly id?: string;
  /** SAML metadata, XML: says what isn't said otherwise of `entityId`, `certificates`, `ssoUrl` and `saml2.signRequests`. */
  readonly metadata?: string;
  readonly oidc?: OpenIdForm;
  readonly saml2?: Partial<SamlSettings>;
}

export interface OpenIdForm extends Partial<OpenIdClient> {
  /** In clear. Never shown; left out, the one that is there stays; empty, there is none any more. */
  readonly clientSecret?: string;
  /** Only shown. */
  readonly hasClientSecret?: boolean;
}

export function write({ tenant: _tenant, oidc, ...shown }: IdentityProvider): IdentityProviderForm {
  if (!oidc) return shown;
  const { clientSecret, ...others } = oidc;
  return { ...shown, oidc: { ...others, hasClientSecret: clientSecret !== '' } };
}
