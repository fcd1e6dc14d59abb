/** Users without an account here, for whom an identity provider speaks: as the last assertion about each said. */
import { removeExpiredFrom } from './remove-expired.ts';
import type { Schema } from './schema.ts';
import type { Queryable, StoreTransaction } from './store.ts';

export interface FederatedUser {
  /** As tokens name him. */
  readonly subject: string;
  readonly providerId: string;
  readonly tenant: string;
  /** As the provider names him. */
  readonly name: string;
  readonly roles: readonly string[];
  readonly claims: Readonly<Record<string, string>>;
  /** When the last assertion, session or refresh token of his ends. */
  readonly expiresAt: number;
}

/** Replaces what was known of him; he is remembered for as long as before at least. */
export async function putFederatedUser(tx: StoreTransaction, user: FederatedUser): Promise<void> {
  const { db } = tx;
  const { subject } = user;
  const before = await db
    .selectFrom('federated_users')
    .select('expires_at')
    .where('subject', '=', subject)
    .executeTakeFirst();
  const row = toRow({ ...user, expiresAt: Math.max(user.expiresAt, Number(before?.expires_at ?? 0)) });
  await tx.db
    .insertInto('federated_users')
    .values(row)
    .onConflict((c) => c.column('subject').doUpdateSet(row))
    .execute();
}

/** Something that he was given is good until then. */
export async function rememberFederatedUser(tx: StoreTransaction, subject: string, until: number): Promise<void> {
  const all = tx.db.updateTable('federated_users').set({ expires_at: until });
  await all.where('subject', '=', subject).where('expires_at', '<', until).execute();
}

/** Null too when his provider is switched off or gone. */
export async function findFederatedUser(db: Queryable, subject: string): Promise<FederatedUser | null> {
  const row = await db
    .selectFrom('federated_users')
    .innerJoin('identity_providers', 'identity_providers.id', 'federated_users.provider_id')
    .selectAll('federated_users')
    .where('subject', '=', subject)
    .where('enabled', '=', 1)
    .executeTakeFirst();
  return row ? fromRow(row) : null;
}

export const removeExpiredFederatedUsers = removeExpiredFrom('federated_users', ['subject']);

type Row = Schema['federated_users'];

function toRow({ subject, providerId, tenant, name, roles, claims, expiresAt }: FederatedUser): Row {
  return {
    ...{ subject, provider_id: providerId, tenant, name },
    ...{ roles: JSON.stringify(roles), claims: JSON.stringify(claims), expires_at: expiresAt },
  };
}

function fromRow({ subject, provider_id, tenant, name, roles, claims, expires_at }: Row): FederatedUser {
  return {
    ...{ subject, providerId: provider_id, tenant, name },
    ...{ roles: JSON.parse(roles), claims: JSON.parse(claims), expiresAt: expires_at },
  };
}
