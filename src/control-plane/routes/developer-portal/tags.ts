/** The tags of the APIs that a visitor sees, with how many have each. */
import { countTags } from '../../../adapters/stores/api-search.ts';
import { defaultTenant } from '../../../core/tenant.ts';
import { type Operation, type Operations, ok } from '../../rest/operation.ts';
import { pageOf } from '../../rest/page.ts';
import { listedStatuses, viewerOf } from '../../services/apis/portal-apis.ts';

const list: Operation = async (call, { store }) => {
  const counts = await countTags(store.db, {
    tenant: call.visitor?.tenant ?? defaultTenant,
    viewer: viewerOf(call.visitor),
    conditions: [],
    statuses: listedStatuses,
  });
  // The definition requires name and weight without having them.
  return ok(
    pageOf(
      call,
      counts.map(({ tag, count }) => ({ value: tag, count, name: tag, weight: count })),
    ),
  );
};

export const tags: Operations = { 'GET /tags': list };
