/** Scopes that several APIs use: what changes of one changes in all of them. */
import { randomUUID } from 'node:crypto';
import { findApi, findApiDefinition, updateApi } from '../../../adapters/stores/apis.ts';
import { recordAudit } from '../../../adapters/stores/audit-log.ts';
import {
  apisWithScope,
  createSharedScope,
  deleteSharedScope,
  findSharedScope,
  type SharedScopeRow,
  toCatalogScope,
  updateSharedScope,
} from '../../../adapters/stores/shared-scopes.ts';
import type { Queryable, StoreTransaction } from '../../../adapters/stores/store.ts';
import { isUniqueViolation } from '../../../adapters/stores/unique-violation.ts';
import type { CatalogScope } from '../../../core/catalog-api.ts';
import { hasHiddenCharacters, hiddenCharacters } from '../../../core/hidden-characters.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { type ControlPlaneDeps, seconds } from '../../deps.ts';
import type { Caller } from '../../rest/caller.ts';
import { applyToDefinition } from '../definitions/apply-to-definition.ts';
import type { Json } from '../definitions/json.ts';
import { isReservedScope } from './api-form-problems.ts';
import { unknownRoles } from './known-names.ts';

/** @throws RestError 400, or 409 when an API or all of them have the name already */
export async function addSharedScope(
  deps: ControlPlaneDeps,
  caller: Caller,
  given: CatalogScope,
): Promise<SharedScopeRow> {
  if (!/^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/.test(given.name) || isReservedScope(given.name)) {
    throw new RestError(400, 'name: expected 1 to 255 printable ASCII characters that have no meaning of their own.');
  }
  refuseHidden(given);
  return deps.store.transaction(async (tx) => {
    await requireRoles(tx.db, caller.tenant, given.roles);
    const taken = () => new RestError(409, `There is a scope "${given.name}" already.`);
    if ((await apisWithScope(tx.db, caller.tenant, given.name)).length > 0) throw taken();
    const now = seconds(deps.clock);
    const row = { id: randomUUID(), tenant: caller.tenant, name: given.name, created_at: now, ...columns(given, now) };
    try {
      await createSharedScope(tx.db, row);
    } catch (error) {
      throw isUniqueViolation(error) ? taken() : error;
    }
    await audit(tx, deps, caller, 'create', row, { after: toCatalogScope(row) });
    return row;
  });
}

/** @throws RestError 404; 400 when the name is another one */
export async function changeSharedScope(
  deps: ControlPlaneDeps,
  caller: Caller,
  id: string,
  given: CatalogScope,
): Promise<SharedScopeRow> {
  refuseHidden(given);
  return deps.store.transaction(async (tx) => {
    const before = await requireSharedScope(tx.db, caller.tenant, id);
    if (given.name !== before.name) throw new RestError(400, `name: a scope keeps its name; expected ${before.name}.`);
    await requireRoles(tx.db, caller.tenant, given.roles);
    const change = columns(given, seconds(deps.clock));
    await updateSharedScope(tx.db, id, change);
    const after = { ...before, ...change };
    await inApis(tx, caller.tenant, toCatalogScope(after));
    await audit(tx, deps, caller, 'update', after, { before: toCatalogScope(before), after: toCatalogScope(after) });
    return after;
  });
}

/** @throws RestError 404; 409 when an API uses it */
export async function removeSharedScope(deps: ControlPlaneDeps, caller: Caller, id: string): Promise<void> {
  await deps.store.transaction(async (tx) => {
    const row = await requireSharedScope(tx.db, caller.tenant, id);
    const users = await apisWithScope(tx.db, caller.tenant, row.name);
    if (users.length > 0) {
      throw new RestError(
        409,
        `The scope is used by ${users.length} APIs, ${users[0]?.name} among them; expected none.`,
      );
    }
    await deleteSharedScope(tx.db, id);
    await audit(tx, deps, caller, 'delete', row, { before: toCatalogScope(row) });
  });
}

export async function requireSharedScope(db: Queryable, tenant: string, id: string): Promise<SharedScopeRow> {
  const row = await findSharedScope(db, tenant, id);
  if (!row) throw new RestError(404, `There is no shared scope ${JSON.stringify(id)}.`);
  return row;
}

/** Who uses it sees the change at once: in tokens that are issued, in its definition, at the gateways. */
async function inApis(tx: StoreTransaction, tenant: string, scope: CatalogScope): Promise<void> {
  for (const { id } of await apisWithScope(tx.db, tenant, scope.name)) {
    const api = await findApi(tx.db, id);
    if (!api) continue;
    const changed = { ...api, scopes: api.scopes.map((one) => (one.name === scope.name ? scope : one)) };
    const old = JSON.parse((await findApiDefinition(tx.db, id)) ?? '{}') as Json;
    const definition = JSON.stringify(applyToDefinition(old, changed));
    await updateApi(tx, changed, { definition });
  }
}

async function requireRoles(db: Queryable, tenant: string, roles: readonly string[]): Promise<void> {
  const unknown = await unknownRoles(db, tenant, roles);
  if (unknown.length > 0) throw new RestError(400, `bindings: there is no role "${unknown.join('", "')}".`);
}

function refuseHidden({ displayName }: CatalogScope): void {
  if (hasHiddenCharacters(displayName)) throw new RestError(400, `displayName: expected no ${hiddenCharacters}.`);
}

const columns = ({ displayName, description, roles }: CatalogScope, now: number) => ({
  display_name: displayName,
  description,
  roles: JSON.stringify(roles),
  updated_at: now,
});

async function audit(
  tx: StoreTransaction,
  { clock }: ControlPlaneDeps,
  { fullName }: Caller,
  action: string,
  { id, name }: SharedScopeRow,
  what: { before?: unknown; after?: unknown },
): Promise<void> {
  await recordAudit(tx, { actor: fullName, action, kind: 'scope', id, name, at: clock.now(), ...what });
}
