/** Categories of APIs. */
import { randomUUID } from 'node:crypto';
import {
  type CategoryRow,
  deleteCategory,
  findCategory,
  insertCategory,
  listCategories,
  updateCategory,
} from '../../../adapters/stores/categories.ts';
import { facetCounts, facetUsers } from '../../../adapters/stores/facet-users.ts';
import type { Queryable } from '../../../adapters/stores/store.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { APICategory } from '../../rest/definitions/admin.ts';
import { created, type Operation, type Operations, ok } from '../../rest/operation.ts';
import { checkFacetName, named, refuseUsed } from '../../services/apis/facets.ts';
import { auditRow } from '../../services/audit-row.ts';

const list: Operation = async ({ caller }, { store }) => {
  const rows = await listCategories(store.db, caller.tenant);
  const counts = await facetCounts(store.db, 'category');
  return ok({ count: rows.length, list: rows.map((row) => write(row, counts.get(row.name) ?? 0)) });
};

const create: Operation = async (call, deps) => {
  const { caller } = call;
  const row: CategoryRow = { id: randomUUID(), tenant: caller.tenant, ...read(call.json<APICategory>()) };
  await deps.store.transaction(async (tx) => {
    await named('category', row.name, insertCategory(tx, row));
    await audit(tx, deps, caller.fullName, 'create', undefined, row);
  });
  return created(write(row, 0), `${call.base}/api-categories/${row.id}`);
};

const update: Operation = async (call, deps) => {
  const given = read(call.json<APICategory>());
  const [row, apis] = await deps.store.transaction(async (tx) => {
    const before = await existing(tx.db, call.param('apiCategoryId'));
    const after = { ...before, ...given };
    if (after.name !== before.name) await refuseUsed(tx, 'category', before.name, 'renamed');
    await named('category', after.name, updateCategory(tx, after));
    await audit(tx, deps, call.caller.fullName, 'update', before, after);
    return [after, (await facetUsers(tx.db, 'category', after.name)).total] as const;
  });
  return ok(write(row, apis));
};

const remove: Operation = async (call, deps) => {
  await deps.store.transaction(async (tx) => {
    const row = await existing(tx.db, call.param('apiCategoryId'));
    await refuseUsed(tx, 'category', row.name, 'deleted');
    await deleteCategory(tx, row.id);
    await audit(tx, deps, call.caller.fullName, 'delete', row, undefined);
  });
  return ok();
};

export const categories: Operations = {
  'GET /api-categories': list,
  'POST /api-categories': create,
  'PUT /api-categories/{apiCategoryId}': update,
  'DELETE /api-categories/{apiCategoryId}': remove,
};

function read({ name, description = '' }: APICategory): Pick<CategoryRow, 'name' | 'description'> {
  checkFacetName(name);
  return { name, description };
}

const write = ({ id, name, description }: CategoryRow, numberOfAPIs: number): APICategory => ({
  id,
  name,
  description,
  numberOfAPIs,
});

async function existing(db: Queryable, id: string): Promise<CategoryRow> {
  const row = await findCategory(db, id);
  if (!row) throw new RestError(404, `There is no category ${id}.`);
  return row;
}

const audit = auditRow<CategoryRow>(
  'category',
  ({ name }) => name,
  ({ name, description }) => ({ name, description }),
);
