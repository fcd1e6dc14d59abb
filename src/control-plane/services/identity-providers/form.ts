/** An identity provider as the admin API shows and takes it. */
import type { IdentityProvider } from '../../../core/identity-provider.ts';

/** What is left out when one is made has its default; when one is changed, it is as in a new one. */
export interface IdentityProviderForm extends Partial<Omit<IdentityProvider, 'id' | 'tenant'>> {
  readonly id?: string;
  /** SAML metadata, XML: says what isn't said otherwise of `entityId`, `certificates` and `ssoUrl`. */
  readonly metadata?: string;
}

export const write = ({ tenant: _tenant, ...shown }: IdentityProvider): IdentityProviderForm => shown;
