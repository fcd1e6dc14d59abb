/** Labels of APIs. */
import { randomUUID } from 'node:crypto';
import {
  deleteLabel,
  findLabel,
  insertLabel,
  type LabelRow,
  listLabels,
  updateLabel,
} from '../../../adapters/stores/labels.ts';
import type { Queryable } from '../../../adapters/stores/store.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { Label } from '../../rest/definitions/admin.ts';
import { created, type Operation, type Operations, ok } from '../../rest/operation.ts';
import { checkFacetName, named, refuseUsed } from '../../services/apis/facets.ts';
import { auditRow } from '../../services/audit-row.ts';

const list: Operation = async ({ caller }, { store }) => {
  const rows = await listLabels(store.db, caller.tenant);
  return ok({ count: rows.length, list: rows.map(write) });
};

const create: Operation = async (call, deps) => {
  const { caller } = call;
  const row: LabelRow = { id: randomUUID(), tenant: caller.tenant, ...read(call.json<Label>()) };
  await deps.store.transaction(async (tx) => {
    await named('label', row.name, insertLabel(tx, row));
    await audit(tx, deps, caller.fullName, 'create', undefined, row);
  });
  return created(write(row), `${call.base}/labels/${row.id}`);
};

const update: Operation = async (call, deps) => {
  const given = read(call.json<Label>());
  const row = await deps.store.transaction(async (tx) => {
    const before = await existing(tx.db, call.param('labelId'));
    const after = { ...before, ...given };
    if (after.name !== before.name) await refuseUsed(tx, 'label', before.name, 'renamed');
    await named('label', after.name, updateLabel(tx, after));
    await audit(tx, deps, call.caller.fullName, 'update', before, after);
    return after;
  });
  return ok(write(row));
};

const remove: Operation = async (call, deps) => {
  await deps.store.transaction(async (tx) => {
    const row = await existing(tx.db, call.param('labelId'));
    await refuseUsed(tx, 'label', row.name, 'deleted');
    await deleteLabel(tx, row.id);
    await audit(tx, deps, call.caller.fullName, 'delete', row, undefined);
  });
  return ok();
};

export const labels: Operations = {
  'GET /labels': list,
  'POST /labels': create,
  'PUT /labels/{labelId}': update,
  'DELETE /labels/{labelId}': remove,
};

function read({ name, description = '', accessUrls = [] }: Label): Omit<LabelRow, 'id' | 'tenant'> {
  checkFacetName(name);
  for (const url of accessUrls) {
    if (!URL.canParse(url)) throw new RestError(400, `body/accessUrls: ${JSON.stringify(url)} is no URL.`);
  }
  return { name, description, access_urls: JSON.stringify(accessUrls) };
}

const write = ({ id, name, description, access_urls }: LabelRow): Label => ({
  id,
  name,
  description,
  accessUrls: JSON.parse(access_urls) as string[],
});

async function existing(db: Queryable, id: string): Promise<LabelRow> {
  const row = await findLabel(db, id);
  if (!row) throw new RestError(404, `There is no label ${id}.`);
  return row;
}

const audit = auditRow<LabelRow>('label', ({ name }) => name, write);
