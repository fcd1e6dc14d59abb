/** What we are for identity providers of SAML 2.0: a service provider, by these names. */
import { type IdentityProvider, ownMetadataPath } from '../../../core/identity-provider.ts';
import type { IssuerOptions } from '../../call.ts';

type Addresses = Pick<IssuerOptions, 'publicUrl'>;

/** Where browsers bring responses: the assertion consumer service. */
export const consumerPath = '/oauth2/log-in-at/saml';

export const consumerOf = ({ publicUrl }: Addresses): string => publicUrl + consumerPath;

/** How the provider calls us: unless an administrator says otherwise, by the address of our metadata. */
export const entityIdOf = (
  { publicUrl }: Addresses,
  { serviceProviderEntityId }: Pick<IdentityProvider, 'serviceProviderEntityId'>,
): string => serviceProviderEntityId || publicUrl + ownMetadataPath;
