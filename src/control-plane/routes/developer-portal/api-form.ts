/** APIs in the form of the developer portal API. */

import type { CatalogApi } from '../../../core/catalog-api.ts';
import type { Policy } from '../../../core/policy.ts';
import { shownUserName } from '../../../core/tenant.ts';
import type { ControlPlaneDeps } from '../../deps.ts';
import type * as dto from '../../rest/definitions/developer-portal.ts';
import { toScopeInfo } from './scopes.ts';

/** What is kept beside an API. */
export interface ApiExtras {
  /** Average of the ratings; null = nobody has rated it. */
  readonly rating: number | null;
  readonly hasThumbnail: boolean;
}

const none: ApiExtras = { rating: null, hasThumbnail: false };

export const ratingText = (rating: number | null): string => (rating ?? 0).toFixed(1);

/** Part of a list. */
export function toApiInfo(api: CatalogApi, { rating, hasThumbnail }: ApiExtras = none): dto.APIInfo {
  return {
    id: api.id,
    name: api.name,
    description: api.description,
    context: api.context,
    version: api.version,
    type: api.type,
    provider: shownUserName(api.provider),
    lifeCycleStatus: api.status,
    ...(hasThumbnail && { thumbnailUri: `/apis/${api.id}/thumbnail` }),
    avgRating: ratingText(rating),
    throttlingPolicies: [...api.policies],
    advertiseInfo: advertised(api),
    businessInformation: business(api),
    isSubscriptionAvailable: api.status === 'PUBLISHED',
  };
}

/**
 * @param tiers the policies that applications can choose from
 * @param definition OpenAPI, as JSON text
 */
export function toApi(
  api: CatalogApi,
  {
    tiers,
    definition,
    rating,
    hasThumbnail,
    gatewayUrls,
  }: ApiExtras & { tiers: readonly Policy[]; definition: string; gatewayUrls: ControlPlaneDeps['gatewayUrls'] },
): dto.API {
  return {
    id: api.id,
    name: api.name,
    description: api.description,
    context: api.context,
    version: api.version,
    provider: shownUserName(api.provider),
    apiDefinition: definition,
    lifeCycleStatus: api.status,
    isDefaultVersion: api.isDefaultVersion,
    type: api.type,
    transport: [...api.transports],
    operations: api.operations.map(({ target, verb }, index) => ({ id: String(index), target, verb })),
    authorizationHeader: api.authorizationHeader ?? 'Authorization',
    securityScheme: [...api.securityScheme],
    tags: [...api.tags],
    tiers: tiers.map(({ name, about }) => ({ tierName: name, tierPlan: about?.billingPlan ?? 'FREE' })),
    hasThumbnail,
    additionalProperties: (api.more.additionalProperties ?? {}) as Record<string, string>,
    monetization: { enabled: false },
    ingressURLs: [],
    endpointURLs: [
      {
        environmentName: 'Production and Sandbox',
        environmentType: 'hybrid',
        URLs: addresses(api, gatewayUrls, `${api.context}/${api.version}`),
        defaultVersionURLs: isDefault(api) ? addresses(api, gatewayUrls, api.context) : {},
      },
    ],
    businessInformation: business(api),
    labels: ((api.more.labels ?? []) as string[]).map((name) => ({ name, description: '', accessUrls: [] })),
    environmentList: ['PRODUCTION', 'SANDBOX'],
    scopes: api.scopes.map(toScopeInfo),
    avgRating: ratingText(rating),
    advertiseInfo: advertised(api),
    isSubscriptionAvailable: api.status === 'PUBLISHED',
    categories: [...api.categories],
  };
}

/** Whether gateways serve it without the version in its address. */
const isDefault = (api: CatalogApi): boolean => api.servesDefault ?? api.isDefaultVersion;

/** Where clients reach a path of the API, by transport. */
export function addresses(
  { transports }: CatalogApi,
  gatewayUrls: ControlPlaneDeps['gatewayUrls'],
  path: string,
): { http?: string; https?: string } {
  return Object.fromEntries(transports.map((transport) => [transport, `${gatewayUrls[transport]}${path}`]));
}

const business = (api: CatalogApi): dto.APIBusinessInformation =>
  (api.more.businessInformation ?? {}) as dto.APIBusinessInformation;

/** All APIs are served by our own gateways. */
const advertised = (api: CatalogApi): dto.AdvertiseInfo => ({
  advertised: false,
  apiOwner: shownUserName(api.provider),
});
