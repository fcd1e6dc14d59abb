/** What an API is when a publisher says nothing of it. */
import type { CatalogCors } from '../../../core/catalog-api.ts';
import type { API } from '../../rest/definitions/publisher.ts';

/** Fields that are kept as they were given. */
export const kept = [
  'responseCachingEnabled',
  'cacheTimeout',
  'destinationStatsEnabled',
  'enableStore',
  'maxTps',
  'visibleTenants',
  'gatewayEnvironments',
  'labels',
  'subscriptionAvailability',
  'subscriptionAvailableTenants',
  'additionalProperties',
  'monetization',
  'businessInformation',
  'keyManagers',
] as const satisfies readonly (keyof API)[];

/** Name of the one gateway environment that there is. */
export const environment = 'Production and Sandbox';

/** What an API is when nothing is said. */
export const defaults = {
  responseCachingEnabled: false,
  cacheTimeout: 300,
  destinationStatsEnabled: 'Disabled',
  enableStore: true,
  gatewayEnvironments: [environment],
  labels: [],
  subscriptionAvailability: 'CURRENT_TENANT',
  additionalProperties: {},
} as const;

/** As the original answers cross-origin requests when nothing is said. */
export const defaultCors: CatalogCors = {
  corsConfigurationEnabled: true,
  accessControlAllowOrigins: ['*'],
  accessControlAllowCredentials: false,
  accessControlAllowHeaders: ['authorization', 'Access-Control-Allow-Origin', 'Content-Type', 'SOAPAction'],
  accessControlAllowMethods: ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS'],
};
