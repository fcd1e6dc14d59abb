/** Users and their roles in SQL. */
import type { Schema } from './schema.ts';
import type { Queryable } from './store.ts';

export type UserRow = Schema['users'];

export async function findUser(db: Queryable, tenant: string, name: string): Promise<UserRow | null> {
  const row = await db
    .selectFrom('users')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('name', '=', name)
    .executeTakeFirst();
  return row ?? null;
}

export async function rolesOf(db: Queryable, userId: string): Promise<string[]> {
  const rows = await db.selectFrom('user_roles').select('role').where('user_id', '=', userId).orderBy('role').execute();
  return rows.map((row) => row.role);
}

/** Writes a user with roles. False, and nothing written, when the name is taken. */
export async function insertUser(db: Queryable, user: UserRow, roles: readonly string[]): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('users')
    .values(user)
    .onConflict((c) => c.columns(['tenant', 'name']).doNothing())
    .executeTakeFirstOrThrow();
  if (!numInsertedOrUpdatedRows) return false;
  await insertRoles(db, user.id, roles);
  return true;
}

/** Replaces the roles of a user. */
export async function setRoles(db: Queryable, userId: string, roles: readonly string[]): Promise<void> {
  await db.deleteFrom('user_roles').where('user_id', '=', userId).execute();
  await insertRoles(db, userId, roles);
}

export async function setPasswordHash(db: Queryable, userId: string, hash: string): Promise<void> {
  await db.updateTable('users').set({ password_hash: hash }).where('id', '=', userId).execute();
}

export async function deleteUser(db: Queryable, userId: string): Promise<void> {
  await db.deleteFrom('users').where('id', '=', userId).execute();
}

async function insertRoles(db: Queryable, userId: string, roles: readonly string[]): Promise<void> {
  const rows = [...new Set(roles)].map((role) => ({ user_id: userId, role }));
  if (rows.length > 0) await db.insertInto('user_roles').values(rows).execute();
}
