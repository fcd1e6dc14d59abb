/** Audit entries about the rows of one kind of thing that administrators make, change and delete. */
import { recordAudit } from '../../adapters/stores/audit-log.ts';
import type { StoreTransaction } from '../../adapters/stores/store.ts';
import type { ControlPlaneDeps } from '../deps.ts';

/** Writes what a row was and became; undefined = there was none, or is none any more. */
export type AuditRow<Row> = (
  tx: StoreTransaction,
  deps: Pick<ControlPlaneDeps, 'clock'>,
  actor: string,
  action: string,
  before: Row | undefined,
  after: Row | undefined,
) => Promise<void>;

/**
 * @param kind as the audit log calls such a thing
 * @param name what people call the one of this row
 * @param facts what the log shows of it; never a secret
 */
export function auditRow<Row extends { readonly id: string }>(
  kind: string,
  name: (row: Row) => string,
  facts: (row: Row) => unknown,
): AuditRow<Row> {
  return (tx, { clock }, actor, action, before, after) => {
    const row = (after ?? before) as Row;
    return recordAudit(tx, {
      actor,
      action,
      kind,
      id: row.id,
      name: name(row),
      before: before && facts(before),
      after: after && facts(after),
      at: clock.now(),
    });
  };
}
