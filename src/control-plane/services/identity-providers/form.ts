/** An identity provider as the admin API shows and takes it. */
import {
  callbackPath,
  type IdentityProvider,
  type OpenIdClient,
  ownMetadataPath,
  type SamlSettings,
  samlDefaults,
} from '../../../core/identity-provider.ts';

/** What is left out when one is made has its default; when one is changed, it is as in a new one. */
export interface IdentityProviderForm extends Partial<Omit<IdentityProvider, 'id' | 'tenant' | 'oidc' | 'saml2'>> {
  readonly id?: string;
  /** SAML metadata, XML: says what isn't said otherwise of `entityId`, `certificates`, `ssoUrl` and `saml2.signRequests`. */
  readonly metadata?: string;
  readonly oidc?: OpenIdForm;
  readonly saml2?: SamlForm;
}

export interface OpenIdForm extends Partial<OpenIdClient> {
  /** In clear. Never shown; left out, the one that is there stays; empty, there is none any more. */
  readonly clientSecret?: string;
  /** Only shown. */
  readonly hasClientSecret?: boolean;
  /** Only shown: what is to be registered there for us. */
  readonly redirectUri?: string;
}

export interface SamlForm extends Partial<SamlSettings> {
  /** Only shown, where users log in with it: the address of what it has to know of us. */
  readonly metadataUrl?: string;
}

/** With the addresses at which it finds us. @param publicUrl that of the key manager */
export function show(provider: IdentityProvider, publicUrl: string): IdentityProviderForm {
  const form = write(provider);
  const { name, logIn, protocol } = provider;
  if (form.oidc) return { ...form, oidc: { ...form.oidc, redirectUri: publicUrl + callbackPath(name) } };
  if (protocol !== 'saml2' || !logIn) return form;
  const metadataUrl = `${publicUrl}${ownMetadataPath}?provider=${encodeURIComponent(name)}`;
  return { ...form, saml2: { ...samlDefaults, ...form.saml2, metadataUrl } };
}

export function write({ tenant: _tenant, oidc, ...shown }: IdentityProvider): IdentityProviderForm {
  if (!oidc) return shown;
  const { clientSecret, ...others } = oidc;
  return { ...shown, oidc: { ...others, hasClientSecret: clientSecret !== '' } };
}
