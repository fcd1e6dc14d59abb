/** What a JWT says of its client, application and subscriptions. */
import { type ApplicationRow, findApplication } from '../../adapters/stores/applications.ts';
import type { ClientRow } from '../../adapters/stores/clients.ts';
import { findPolicies } from '../../adapters/stores/policies.ts';
import type { Queryable } from '../../adapters/stores/store.ts';
import { subscribedApis } from '../../adapters/stores/subscriptions.ts';
import type { AccessTokenClaims } from '../../core/token.ts';

export type ClientClaims = Pick<
  AccessTokenClaims,
  'consumerKey' | 'keytype' | 'application' | 'tierInfo' | 'subscribedAPIs'
>;

export async function clientClaims(db: Queryable, client: ClientRow): Promise<ClientClaims> {
  const own = { consumerKey: client.consumer_key, keytype: client.key_type };
  // An OAuth client that is no application has no subscriptions.
  const application = client.application_id === null ? null : await findApplication(db, client.application_id);
  return application ? { ...own, ...(await applicationClaims(db, application)) } : own;
}

export type ApplicationClaims = Required<Pick<AccessTokenClaims, 'application' | 'tierInfo' | 'subscribedAPIs'>>;

/** What a JWT says of an application, whoever of it has the token. */
export async function applicationClaims(db: Queryable, application: ApplicationRow): Promise<ApplicationClaims> {
  const apis = await subscribedApis(db, application.id);
  const tiers = await findPolicies(db, 'subscription', [...new Set(apis.map((api) => api.tier))].sort());
  return {
    application: {
      id: application.ordinal,
      uuid: application.id,
      name: application.name,
      owner: application.owner,
      tier: application.tier,
    },
    tierInfo: Object.fromEntries(
      tiers.map((tier) => [
        tier.name,
        { stopOnQuotaReach: tier.stopOnQuota, spikeArrestLimit: 0, spikeArrestUnit: null },
      ]),
    ),
    subscribedAPIs: apis.map((api) => ({
      subscriberTenantDomain: api.tenant,
      name: api.name,
      context: api.version === '' ? api.context : `${api.context}/${api.version}`,
      publisher: api.provider,
      version: api.version,
      subscriptionTier: api.tier,
    })),
  };
}
