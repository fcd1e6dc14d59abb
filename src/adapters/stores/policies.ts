/** Throttling policies. The entity is all there is of a policy, so it has no table of its own. */
import { builtInPolicies, type Policy, type PolicyLevel } from '../../core/policy.ts';
import type { Queryable, StoreTransaction } from './store.ts';

const idOf = (level: PolicyLevel, name: string): string => `${level}|${name}`;

/** Those of the names that are policies of this level. */
export async function findPolicies(db: Queryable, level: PolicyLevel, names: readonly string[]): Promise<Policy[]> {
  if (names.length === 0) return [];
  const ids = names.map((name) => idOf(level, name));
  const rows = await db
    .selectFrom('entities')
    .select('body')
    .where('kind', '=', 'policy')
    .where('id', 'in', ids)
    .execute();
  return rows.map((row) => JSON.parse(row.body) as Policy);
}

/** All policies, by level and name. */
export async function listPolicies(db: Queryable): Promise<Policy[]> {
  const rows = await db.selectFrom('entities').select('body').where('kind', '=', 'policy').orderBy('id').execute();
  return rows.map((row) => JSON.parse(row.body) as Policy);
}

/** Creates a policy or replaces the one of its level and name. */
export function putPolicy(tx: StoreTransaction, policy: Policy): void {
  tx.record({ kind: 'policy', id: idOf(policy.level, policy.name), value: policy });
}

export function deletePolicy(tx: StoreTransaction, level: PolicyLevel, name: string): void {
  tx.record({ kind: 'policy', id: idOf(level, name), value: null });
}

/** Adds the policies that every store has, as far as they are missing. */
export async function addBuiltInPolicies(tx: StoreTransaction): Promise<void> {
  const present = new Set((await listPolicies(tx.db)).map((policy) => idOf(policy.level, policy.name)));
  for (const policy of builtInPolicies) {
    if (!present.has(idOf(policy.level, policy.name))) putPolicy(tx, policy);
  }
}
