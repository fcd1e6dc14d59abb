/** Users and their roles in SQL. */
import { type Expression, type SqlBool, sql } from 'kysely';
import type { Schema } from './schema.ts';
import { startsWith } from './starts-with.ts';
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

/** The roles of several users, by their ids. */
export async function rolesOfAll(db: Queryable, userIds: readonly string[]): Promise<Map<string, string[]>> {
  if (userIds.length === 0) return new Map();
  const rows = await db.selectFrom('user_roles').selectAll().where('user_id', 'in', userIds).orderBy('role').execute();
  const roles = new Map<string, string[]>();
  for (const { user_id, role } of rows) roles.set(user_id, [...(roles.get(user_id) ?? []), role]);
  return roles;
}

/** Active users by name, and the number of all that fit. */
export async function searchUsers(
  db: Queryable,
  tenant: string,
  search: {
    /** Part of the name, whatever the case. */
    readonly name?: string;
    readonly role?: string;
    readonly offset: number;
    readonly limit: number;
  },
): Promise<{ rows: UserRow[]; total: number }> {
  let query = db.selectFrom('users').where('tenant', '=', tenant).where('state', '=', 'ACTIVE');
  const { name, role } = search;
  if (name !== undefined) {
    const pattern = `%${name.toLowerCase().replaceAll(/[\\%_]/g, '\\$&')}%`;
    query = query.where(sql<boolean>`lower(name) like ${pattern} escape '\\'`);
  }
  if (role !== undefined) {
    query = query.where('id', 'in', db.selectFrom('user_roles').select('user_id').where('role', '=', role));
  }
  const { total } = await query.select((e) => e.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  const rows = await query.selectAll().orderBy('name').offset(search.offset).limit(search.limit).execute();
  return { rows, total: Number(total) };
}

/** Every role that an active user has, with the number of those who have it. */
export async function countRoles(db: Queryable, tenant: string): Promise<{ name: string; users: number }[]> {
  const rows = await db
    .selectFrom('user_roles')
    .innerJoin('users', 'users.id', 'user_roles.user_id')
    .select(['role', (e) => e.fn.countAll<number>().as('users')])
    .where('tenant', '=', tenant)
    .where('state', '=', 'ACTIVE')
    .groupBy('role')
    .orderBy('role')
    .execute();
  return rows.map(({ role, users }) => ({ name: role, users: Number(users) }));
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

/**
 * Whether somebody of this name (`name@tenant`), who may be gone, has applications, clients or APIs: who took the name
 * would take them along.
 */
export const ownsSomething = (db: Queryable, fullName: string): Promise<boolean> =>
  isOwned(db, (column) => sql<SqlBool>`${sql.ref(column)} = ${fullName}`);

/** As `ownsSomething`, of anybody whose name begins so. */
export const anybodyOwnsSomething = (db: Queryable, prefix: string): Promise<boolean> =>
  isOwned(db, (column) => startsWith(column, prefix));

async function isOwned(db: Queryable, isTheirs: (column: string) => Expression<SqlBool>): Promise<boolean> {
  const [application, client, api] = [
    await db.selectFrom('applications').select('id').where(isTheirs('owner')).limit(1).executeTakeFirst(),
    await db.selectFrom('clients').select('consumer_key').where(isTheirs('owner')).limit(1).executeTakeFirst(),
    await db.selectFrom('apis').select('id').where(isTheirs('provider')).limit(1).executeTakeFirst(),
  ];
  return Boolean(application ?? client ?? api);
}

/** A user who signed up and waits for approval. */
export async function findPendingUser(db: Queryable, tenant: string, name: string): Promise<UserRow | null> {
  const user = await findUser(db, tenant, name);
  return user?.state === 'PENDING' ? user : null;
}

/** A user who waited for approval may log in. */
export async function activateUser(db: Queryable, userId: string): Promise<void> {
  await db.updateTable('users').set({ state: 'ACTIVE' }).where('id', '=', userId).execute();
}

/** What a user said when signing up. */
export async function insertProfile(db: Queryable, profile: Schema['user_profiles']): Promise<void> {
  await db.insertInto('user_profiles').values(profile).execute();
}

/** Null when the user said nothing of himself. */
export async function findProfile(
  db: Queryable,
  tenant: string,
  name: string,
): Promise<Schema['user_profiles'] | null> {
  const row = await db
    .selectFrom('user_profiles')
    .innerJoin('users', 'users.id', 'user_profiles.user_id')
    .selectAll('user_profiles')
    .where('tenant', '=', tenant)
    .where('name', '=', name)
    .executeTakeFirst();
  return row ?? null;
}

export async function deleteUser(db: Queryable, userId: string): Promise<void> {
  await db.deleteFrom('users').where('id', '=', userId).execute();
}

async function insertRoles(db: Queryable, userId: string, roles: readonly string[]): Promise<void> {
  const rows = [...new Set(roles)].map((role) => ({ user_id: userId, role }));
  if (rows.length > 0) await db.insertInto('user_roles').values(rows).execute();
}
