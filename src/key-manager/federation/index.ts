/** Every protocol in which identity providers speak. */
import type { IdentityProvider } from '../../core/identity-provider.ts';
import { oidc } from './oidc/oidc.ts';
import type { Upstream } from './upstream.ts';

const all: readonly Upstream[] = [oidc];

export const upstreams: ReadonlyMap<IdentityProvider['protocol'], Upstream> = new Map(
  all.map((upstream) => [upstream.protocol, upstream]),
);
