/** Deny rules in SQL; gateways know those that are enabled. */
import type { DenyRule } from '../../core/deny-rule.ts';
import type { Schema } from './schema.ts';
import type { Queryable, StoreTransaction } from './store.ts';

export type DenyRuleRow = Schema['deny_rules'];

export function listDenyRules(db: Queryable, tenant: string): Promise<DenyRuleRow[]> {
  return db
    .selectFrom('deny_rules')
    .selectAll()
    .where('tenant', '=', tenant)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
}

export async function findDenyRule(db: Queryable, id: string): Promise<DenyRuleRow | null> {
  return (await db.selectFrom('deny_rules').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;
}

/** @throws the engine's constraint error when there is the same rule already. */
export async function createDenyRule(tx: StoreTransaction, row: DenyRuleRow): Promise<void> {
  await tx.db.insertInto('deny_rules').values(row).execute();
  announce(tx, row);
}

/** Switches a rule on or off. Null when there is none of this id. */
export async function enableDenyRule(tx: StoreTransaction, id: string, enabled: boolean): Promise<DenyRuleRow | null> {
  const row = await tx.db
    .updateTable('deny_rules')
    .set({ enabled: enabled ? 1 : 0 })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
  if (row) announce(tx, row);
  return row ?? null;
}

/**
 * Lets the rule against something follow it to its new value. Where there is a rule against that already, it takes the
 * place of this one; it is enabled if either was.
 * @returns the rule as it was and as it is; null when there is none
 */
export async function moveDenyRule(
  tx: StoreTransaction,
  rule: Pick<DenyRuleRow, 'tenant' | 'type'>,
  { from, to }: { from: string; to: string },
): Promise<{ before: DenyRuleRow; after: DenyRuleRow } | null> {
  const ofValue = (value: string) =>
    tx.db
      .selectFrom('deny_rules')
      .selectAll()
      .where('tenant', '=', rule.tenant)
      .where('type', '=', rule.type)
      .where('value', '=', value)
      .executeTakeFirst();
  const before = await ofValue(from);
  if (!before) return null;
  const other = await ofValue(to);
  if (other) await deleteDenyRule(tx, other.id);
  const after: DenyRuleRow = { ...before, value: to, enabled: before.enabled || other?.enabled === 1 ? 1 : 0 };
  await tx.db.updateTable('deny_rules').set(after).where('id', '=', before.id).execute();
  announce(tx, after);
  return { before, after };
}

export async function deleteDenyRule(tx: StoreTransaction, id: string): Promise<boolean> {
  const { numDeletedRows } = await tx.db.deleteFrom('deny_rules').where('id', '=', id).executeTakeFirstOrThrow();
  if (numDeletedRows > 0n) tx.record({ kind: 'deny', id, value: null });
  return numDeletedRows > 0n;
}

function announce(tx: StoreTransaction, { id, type, value, invert, enabled }: DenyRuleRow): void {
  const rule: DenyRule = { type, value, ...(invert === 1 && { invert: true }) };
  tx.record({ kind: 'deny', id, value: enabled === 1 ? rule : null });
}
