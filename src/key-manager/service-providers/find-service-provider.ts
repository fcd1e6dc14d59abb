/** Who asks. Anybody can write a name into a request: where it goes on to is what the registration says. */
import { findIssuerOfRequests, findServiceProvider } from '../../adapters/stores/service-providers.ts';
import type { Queryable } from '../../adapters/stores/store.ts';
import type { ServiceProvider } from '../../core/service-provider.ts';
import { defaultTenant } from '../../core/tenant.ts';
import { refuse } from './refuse.ts';

/** @throws OAuthError when none of this entity id is registered and switched on */
export async function findProvider(db: Queryable, entityId: string): Promise<ServiceProvider> {
  return (await findIssuerOfRequests(db, defaultTenant, entityId)) ?? unknown();
}

/** As `findProvider`. */
export async function findProviderById(db: Queryable, id: string): Promise<ServiceProvider> {
  const found = await findServiceProvider(db, id);
  return found?.enabled ? found : unknown();
}

const unknown = (): never => refuse('its Issuer is no service provider here');
