/** Every protocol in which identity providers speak. */
import type { IdentityProvider } from '../../core/identity-provider.ts';
import { oidc } from './oidc/oidc.ts';
import { saml2 } from './saml2/saml2.ts';
import type { Upstream } from './upstream.ts';

export const upstreams: Readonly<Record<IdentityProvider['protocol'], Upstream>> = { oidc, saml2 };
