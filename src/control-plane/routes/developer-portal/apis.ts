/** The APIs that a visitor sees, and what is told of each. Nobody has to be logged in. */
import { searchApis } from '../../../adapters/stores/api-search.ts';
import { findApiDefinition } from '../../../adapters/stores/apis.ts';
import { findPolicies } from '../../../adapters/stores/policies.ts';
import { averageRatings } from '../../../adapters/stores/ratings.ts';
import type { Queryable } from '../../../adapters/stores/store.ts';
import { findThumbnail, withThumbnail } from '../../../adapters/stores/thumbnails.ts';
import type { CatalogApi } from '../../../core/catalog-api.ts';
import { mayChoose, type Policy } from '../../../core/policy.ts';
import { defaultTenant } from '../../../core/tenant.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { type Operation, type Operations, ok, type RestCall } from '../../rest/operation.ts';
import { page, rangeOf } from '../../rest/page.ts';
import { listedStatuses, viewerOf, visibleApi } from '../../services/apis/portal-apis.ts';
import { portalDefinition } from '../../services/definitions/portal-definition.ts';
import { readQuery } from '../../services/read-query.ts';
import { type ApiExtras, toApi, toApiInfo } from './api-form.ts';
import { toPolicy } from './policy-form.ts';

const list: Operation = async (call, { store }) => {
  const { apis: found, total } = await searchApis(store.db, {
    tenant: call.visitor?.tenant ?? defaultTenant,
    viewer: viewerOf(call.visitor),
    conditions: readQuery(call.query('query') ?? ''),
    statuses: listedStatuses,
    ...rangeOf(call),
  });
  const extras = await extrasOf(store.db, found);
  return ok(
    page(
      call,
      found.map((api) => toApiInfo(api, extras.get(api.id))),
      total,
    ),
  );
};

const read: Operation = async (call, deps) => {
  const { db } = deps.store;
  const api = await visibleApi(db, call.visitor, call.param('apiId'));
  const extras = (await extrasOf(db, [api])).get(api.id) as ApiExtras;
  const definition = await definitionOf(db, api, deps.gatewayUrls);
  const tiers = await tiersOf(db, api, call);
  return ok(toApi(api, { ...extras, tiers, definition, gatewayUrls: deps.gatewayUrls }));
};

const swagger: Operation = async (call, deps) => {
  const { db } = deps.store;
  const api = await visibleApi(db, call.visitor, call.param('apiId'));
  return { status: 200, type: 'application/json', body: await definitionOf(db, api, deps.gatewayUrls) };
};

const thumbnail: Operation = async (call, { store }) => {
  const api = await visibleApi(store.db, call.visitor, call.param('apiId'));
  const picture = await findThumbnail(store.db, api.id);
  if (!picture) throw new RestError(404, `The API ${api.name} has no thumbnail.`);
  // Somebody uploaded it: it is shown as a picture, or not at all.
  const headers = { 'x-content-type-options': 'nosniff', 'content-security-policy': "default-src 'none'; sandbox" };
  return { status: 200, type: picture.type, body: picture.bytes, headers };
};

const subscriptionPolicies: Operation = async (call, { store }) => {
  const api = await visibleApi(store.db, call.visitor, call.param('apiId'));
  return ok((await tiersOf(store.db, api, call)).map(toPolicy));
};

/** Those of the API's tiers that the visitor may choose, in the API's order. */
async function tiersOf(db: Queryable, api: CatalogApi, { visitor }: RestCall): Promise<Policy[]> {
  const tiers = await findPolicies(db, 'subscription', api.policies);
  return api.policies.flatMap((name) =>
    tiers.filter((tier) => tier.name === name && mayChoose(tier, visitor?.roles ?? [])),
  );
}

async function definitionOf(
  db: Queryable,
  api: CatalogApi,
  gatewayUrls: Parameters<typeof portalDefinition>[2],
): Promise<string> {
  return JSON.stringify(portalDefinition(api, await findApiDefinition(db, api.id), gatewayUrls));
}

/** What is kept beside the APIs of a page, in two queries. */
export async function extrasOf(db: Queryable, apis: readonly CatalogApi[]): Promise<Map<string, ApiExtras>> {
  const ids = apis.map(({ id }) => id);
  const ratings = await averageRatings(db, ids);
  const pictures = await withThumbnail(db, ids);
  return new Map(ids.map((id) => [id, { rating: ratings.get(id) ?? null, hasThumbnail: pictures.has(id) }]));
}

export const apis: Operations = {
  'GET /apis': list,
  'GET /apis/{apiId}': read,
  'GET /apis/{apiId}/swagger': swagger,
  'GET /apis/{apiId}/thumbnail': thumbnail,
  'GET /apis/{apiId}/subscription-policies': subscriptionPolicies,
};
