/** Every protocol in which identity providers speak. */
import type { IdentityProvider } from '../../core/identity-provider.ts';
import { oidc } from './oidc/oidc.ts';
import { saml2 } from './saml2/saml2.ts';
import type { Upstream } from './upstream.ts';

const all: readonly Upstream[] = [oidc, saml2];

export const upstreams: ReadonlyMap<IdentityProvider['protocol'], Upstream> = new Map(
  all.map((upstream) => [upstream.protocol, upstream]),
);
