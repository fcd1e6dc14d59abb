/** Who changed what, when, from what to what: ours, the original has no such operation. */
import { type AuditRow, listAudit } from '../../../adapters/stores/audit-log.ts';
import { fullUserName } from '../../../core/tenant.ts';
import { type Operation, type Operations, ok } from '../../rest/operation.ts';
import { page, rangeOf } from '../../rest/page.ts';

const list: Operation = async (call, { store }) => {
  const [actor, kind, id] = [call.query('actor'), call.query('kind'), call.query('id')];
  const { rows, total } = await listAudit(store.db, {
    ...(actor !== undefined && { actor: fullUserName(actor) }),
    ...(kind !== undefined && { kind }),
    ...(id !== undefined && { id }),
    ...rangeOf(call),
  });
  return ok(page(call, rows.map(write), total));
};

export const auditLog: Operations = { 'GET /audit-log': list };

const write = ({ number, at_ms, actor, action, kind, entity_id, name, before, after }: AuditRow) => ({
  number,
  time: new Date(at_ms).toISOString(),
  actor,
  action,
  kind,
  id: entity_id,
  name,
  ...(before !== null && { before: JSON.parse(before) as unknown }),
  ...(after !== null && { after: JSON.parse(after) as unknown }),
});
