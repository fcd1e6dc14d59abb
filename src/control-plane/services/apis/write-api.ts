/** Creates, changes and deletes APIs: the catalogue, the history and the audit log in one transaction. */
import { recordState } from '../../../adapters/stores/api-history.ts';
import { createApi, deleteApi, findApiDefinition, updateApi } from '../../../adapters/stores/apis.ts';
import type { StoreTransaction } from '../../../adapters/stores/store.ts';
import { isUniqueViolation } from '../../../adapters/stores/unique-violation.ts';
import { findWaiting, removeWaiting } from '../../../adapters/stores/workflows.ts';
import type { CatalogApi } from '../../../core/catalog-api.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { ControlPlaneDeps } from '../../deps.ts';
import type { Caller } from '../../rest/caller.ts';
import { applyToDefinition } from '../definitions/apply-to-definition.ts';
import type { Json } from '../definitions/json.ts';
import { requireApi, requireVersions } from './api-access.ts';
import { alreadyThere, refuseForeignScopes, refuseMove, refuseOverlap, refuseSame } from './api-addresses.ts';
import { audit } from './audit-api.ts';
import { checkApi } from './check-api.ts';
import { settleDefault } from './default-version.ts';
import { refuseLongLists } from './long-lists.ts';

/**
 * @param definition to be brought into step with the API
 * @throws RestError 400 for an API that can't be, 409 when there is such a one
 */
export async function addApi(
  deps: ControlPlaneDeps,
  caller: Caller,
  given: CatalogApi,
  definition: Json,
  more?: (tx: StoreTransaction, api: CatalogApi) => Promise<void>,
): Promise<CatalogApi> {
  const { tenant } = caller;
  return deps.store.transaction(async (tx) => {
    refuseLongLists(given);
    const checked = await checkApi(tx.db, given, tenant);
    await refuseSame(tx.db, checked, tenant);
    await requireVersions(tx.db, caller, checked);
    await refuseOverlap(tx.db, checked, tenant);
    await refuseForeignScopes(tx.db, checked, tenant);
    const api = await settleDefault(tx, deps, caller, checked);
    const text = JSON.stringify(applyToDefinition(definition, api));
    try {
      await createApi(tx, api, { tenant, definition: text });
    } catch (error) {
      throw isUniqueViolation(error) ? alreadyThere(api) : error;
    }
    const at = deps.clock.now();
    await recordState(tx.db, { api_id: api.id, previous: null, status: api.status, actor: caller.fullName, at_ms: at });
    await audit(tx, deps, caller, 'create', api, { after: shown(api) });
    await more?.(tx, api);
    return api;
  });
}

/**
 * Reads, changes and writes an API in one transaction.
 * @param change the API as it is to be, and the definition if that is a new one
 * @throws RestError 404 when there is no such API for the caller, 400 and 409 as `addApi`
 */
export async function changeApi(
  deps: ControlPlaneDeps,
  caller: Caller,
  id: string,
  change: (before: CatalogApi, tx: StoreTransaction) => Promise<{ api: CatalogApi; definition?: Json }>,
): Promise<CatalogApi> {
  return deps.store.transaction(async (tx) => {
    const before = await requireApi(tx.db, caller, id);
    if (before.status === 'RETIRED') throw new RestError(409, 'The API is retired; nothing of it changes any more.');
    await refuseWaiting(tx, before);
    const { api: given, definition } = await change(before, tx);
    refuseLongLists(given);
    const checked = await checkApi(tx.db, given, caller.tenant);
    await refuseMove(tx.db, before, checked, caller.tenant);
    await refuseForeignScopes(tx.db, checked, caller.tenant);
    const api = await settleDefault(tx, deps, caller, checked);
    const old = definition ?? (JSON.parse((await findApiDefinition(tx.db, id)) ?? '{}') as Json);
    const text = JSON.stringify(applyToDefinition(old, api));
    try {
      await updateApi(tx, api, { definition: text });
    } catch (error) {
      throw isUniqueViolation(error) ? alreadyThere(api) : error;
    }
    await audit(tx, deps, caller, 'update', api, difference(shown(before), shown(api)));
    return api;
  });
}

/** What an administrator approves is the API as he sees it when he decides. @throws RestError 409 */
async function refuseWaiting(tx: StoreTransaction, { id }: CatalogApi): Promise<void> {
  const waiting = await findWaiting(tx.db, ['API_STATE'], id);
  if (!waiting) return;
  throw new RestError(
    409,
    `The API changes when this is decided: ${waiting.description}. Expected its approval, or to withdraw it first.`,
  );
}

/**
 * @param check may refuse the API as it is
 * @throws RestError 404, or 409 when applications are subscribed to it
 */
export async function removeApi(
  deps: ControlPlaneDeps,
  caller: Caller,
  id: string,
  check: (api: CatalogApi) => void = () => {},
): Promise<void> {
  await deps.store.transaction(async (tx) => {
    const api = await requireApi(tx.db, caller, id);
    check(api);
    const { count } = await tx.db
      .selectFrom('subscriptions')
      .select((e) => e.fn.countAll<number>().as('count'))
      .where('api_id', '=', id)
      .executeTakeFirstOrThrow();
    if (Number(count) > 0) {
      throw new RestError(
        409,
        `Applications are subscribed to the API (${count}); expected none, or to retire it first.`,
      );
    }
    await deleteApi(tx, id);
    await removeWaiting(tx, [id]);
    await audit(tx, deps, caller, 'delete', api, { before: shown(api) });
  });
}

/** Without secrets, and without what is not the publisher's to say. */
function shown({ endpointSecurity, updatedAt: _, ...rest }: CatalogApi): Record<string, unknown> {
  return {
    ...rest,
    endpointSecurity: endpointSecurity && { type: endpointSecurity.type, username: endpointSecurity.username },
  };
}

function difference(before: Record<string, unknown>, after: Record<string, unknown>) {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );
  const pick = (from: Record<string, unknown>) => Object.fromEntries(names.map((name) => [name, from[name]]));
  return { before: pick(before), after: pick(after) };
}
