/** Which of the roles, categories and labels that an API names do not exist. */
import type { Queryable } from '../../../adapters/stores/store.ts';
import { builtInRoles } from '../users/roles.ts';

/** A role exists when it is a built-in one or somebody has it. */
export async function unknownRoles(db: Queryable, tenant: string, names: readonly string[]): Promise<string[]> {
  const asked = [...new Set(names)].filter((name) => !builtInRoles.includes(name));
  if (asked.length === 0) return [];
  const rows = await db
    .selectFrom('user_roles')
    .innerJoin('users', 'users.id', 'user_roles.user_id')
    .select('role as name')
    .distinct()
    .where('users.tenant', '=', tenant)
    .where('role', 'in', asked)
    .execute();
  return without(asked, rows);
}

export async function unknownCategories(db: Queryable, tenant: string, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const query = db.selectFrom('categories').select('name').where('tenant', '=', tenant);
  return without(names, await query.where('name', 'in', names).execute());
}

export async function unknownLabels(db: Queryable, tenant: string, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const query = db.selectFrom('labels').select('name').where('tenant', '=', tenant);
  return without(names, await query.where('name', 'in', names).execute());
}

function without(names: readonly string[], rows: readonly { name: string }[]): string[] {
  const found = new Set(rows.map(({ name }) => name));
  return names.filter((name) => !found.has(name));
}
