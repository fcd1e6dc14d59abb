/** Identity providers in SQL. */
import type { IdentityProvider } from '../../core/identity-provider.ts';
import type { Schema } from './schema.ts';
import type { Queryable, StoreTransaction } from './store.ts';

type Row = Schema['identity_providers'];

/** By name. */
export async function listIdentityProviders(db: Queryable, tenant: string): Promise<IdentityProvider[]> {
  const rows = await db
    .selectFrom('identity_providers')
    .selectAll()
    .where('tenant', '=', tenant)
    .orderBy('name')
    .execute();
  return rows.map(fromRow);
}

export async function findIdentityProvider(db: Queryable, id: string): Promise<IdentityProvider | null> {
  const row = await db.selectFrom('identity_providers').selectAll().where('id', '=', id).executeTakeFirst();
  return row ? fromRow(row) : null;
}

/** Those with which users may log in, by name. */
export async function providersToLogInAt(db: Queryable, tenant: string): Promise<IdentityProvider[]> {
  return (await listIdentityProviders(db, tenant)).filter(({ enabled, logIn }) => enabled && logIn);
}

/** The enabled one of SAML 2.0 whose assertions have this `Issuer`. */
export async function findIssuerOfAssertions(
  db: Queryable,
  tenant: string,
  entityId: string,
): Promise<IdentityProvider | null> {
  const row = await db
    .selectFrom('identity_providers')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('entity_id', '=', entityId)
    .where('enabled', '=', 1)
    .executeTakeFirst();
  const provider = row ? fromRow(row) : null;
  return provider?.protocol === 'saml2' ? provider : null;
}

/** Whether there is one of this entity id, also if it is switched off. */
export async function hasEntityId(db: Queryable, tenant: string, entityId: string): Promise<boolean> {
  const row = await db
    .selectFrom('identity_providers')
    .select('id')
    .where('tenant', '=', tenant)
    .where('entity_id', '=', entityId)
    .executeTakeFirst();
  return row !== undefined;
}

/** @throws the engine's unique violation when name or entity id are taken */
export async function insertIdentityProvider(tx: StoreTransaction, provider: IdentityProvider): Promise<void> {
  await tx.db.insertInto('identity_providers').values(toRow(provider)).execute();
}

/** As `insertIdentityProvider`. */
export async function updateIdentityProvider(tx: StoreTransaction, provider: IdentityProvider): Promise<void> {
  await tx.db.updateTable('identity_providers').set(toRow(provider)).where('id', '=', provider.id).execute();
}

/** With what is known of its users: what they have is refreshed no more. */
export async function deleteIdentityProvider(tx: StoreTransaction, id: string): Promise<void> {
  await tx.db.deleteFrom('federated_users').where('provider_id', '=', id).execute();
  await tx.db.deleteFrom('identity_providers').where('id', '=', id).execute();
}

function toRow({ id, tenant, name, entityId, enabled, ...body }: IdentityProvider): Row {
  return { id, tenant, name, entity_id: entityId, enabled: enabled ? 1 : 0, body: JSON.stringify(body) };
}

function fromRow({ id, tenant, name, entity_id, enabled, body }: Row): IdentityProvider {
  type Body = Omit<IdentityProvider, 'id' | 'tenant' | 'name' | 'entityId' | 'enabled'>;
  const given = JSON.parse(body) as Body;
  // Older rows have no word of log-ins.
  const older = { protocol: 'saml2', logIn: false } as const;
  return { ...older, id, tenant, name, entityId: entity_id, enabled: enabled === 1, ...given };
}
