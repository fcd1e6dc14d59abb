/** Invitations of gateways, their certificates, and who was expelled, in SQL. */
import { createHash } from 'node:crypto';
import type { Expulsion } from '../../core/expulsion.ts';
import type { Schema } from './schema.ts';
import type { Queryable, StoreTransaction } from './store.ts';

export type InvitationRow = Schema['gateway_invitations'];
export type GatewayCertificateRow = Schema['gateway_certificates'];

/** By which a code is kept. */
export const hashOfSecret = (secret: string): string => createHash('sha256').update(secret).digest('base64url');

/** Writes an invitation; those that are long over go. */
export async function insertInvitation(tx: StoreTransaction, row: InvitationRow): Promise<void> {
  await tx.db
    .deleteFrom('gateway_invitations')
    .where('expires_at', '<', row.created_at - 86_400)
    .execute();
  await tx.db.insertInto('gateway_invitations').values(row).execute();
}

/** The invitation of this secret, if it is still good. */
export async function findInvitation(db: Queryable, secret: string, now: number): Promise<InvitationRow | null> {
  const row = await db
    .selectFrom('gateway_invitations')
    .selectAll()
    .where('code_hash', '=', hashOfSecret(secret))
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst();
  return row ?? null;
}

/** False when somebody else was faster, or it is over. */
export async function useInvitation(tx: StoreTransaction, { code_hash }: InvitationRow, now: number): Promise<boolean> {
  const { numUpdatedRows } = await tx.db
    .updateTable('gateway_invitations')
    .set({ used_at: now })
    .where('code_hash', '=', code_hash)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** Notes a certificate that was issued; those that have expired go. */
export async function insertGatewayCertificate(tx: StoreTransaction, row: GatewayCertificateRow): Promise<void> {
  await tx.db.deleteFrom('gateway_certificates').where('expires_at', '<', row.issued_at).execute();
  await tx.db.insertInto('gateway_certificates').values(row).execute();
}

/** By name, the newest first. */
export function listGatewayCertificates(db: Queryable): Promise<GatewayCertificateRow[]> {
  return db
    .selectFrom('gateway_certificates')
    .selectAll()
    .orderBy('name')
    .orderBy('issued_at', 'desc')
    .orderBy('fingerprint')
    .execute();
}

export async function listExpulsions(db: Queryable): Promise<Expulsion[]> {
  const rows = await db.selectFrom('entities').select('body').where('kind', '=', 'expulsion').execute();
  return rows.map(({ body }) => JSON.parse(body) as Expulsion);
}

/** Every node hears of it as gateways hear of changes. */
export function expelGateway(tx: StoreTransaction, expulsion: Expulsion): void {
  tx.record({ kind: 'expulsion', id: expulsion.gateway, value: expulsion });
}
