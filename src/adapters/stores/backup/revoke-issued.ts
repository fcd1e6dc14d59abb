/**
 * Revokes whatever was issued before now, known or not: a restored store has forgotten what was revoked after the
 * backup, and does not know of tokens that were issued after it, which are good by their signature.
 */
import type { Transaction } from 'kysely';
import { never, type Revocation } from '../../../core/revocation.ts';
import type { EntityChange } from '../../../core/snapshot.ts';
import type { Clock } from '../../../platform/clock.ts';
import { appendChanges } from '../change-log.ts';
import { ownIssuers } from '../key-managers.ts';
import { recordStricter } from '../revocations.ts';
import type { Schema } from '../schema.ts';

/**
 * One entry for every client and every user of each of our issuers (tokens have a client; API keys, which have an issuer
 * of their own, only a user). They stay for ever: nobody knows how long the tokens live that the store doesn't know.
 * Returns the number of entries.
 */
export async function revokeIssued(db: Transaction<Schema>, clock: Clock): Promise<number> {
  const { last } = await db
    .selectFrom('access_tokens')
    .select((e) => e.fn.max('issued_at').as('last'))
    .executeTakeFirstOrThrow();
  // The clock of the node that issued the last one may have been ahead of this one's.
  const issuedBefore = Math.max(Math.floor(clock.now() / 1000), Number(last ?? 0));
  const used = await db.selectFrom('access_tokens').select('issuer').distinct().execute();
  const issuers = new Set([...(await ownIssuers(db)), ...used.map(({ issuer }) => issuer)]);
  const clients = await db.selectFrom('clients').select('consumer_key').execute();
  const users = await db.selectFrom('users').select(['name', 'tenant']).execute();
  const whose: Pick<Revocation, 'type' | 'value'>[] = [
    ...clients.map((row) => ({ type: 'client' as const, value: row.consumer_key })),
    ...users.map(({ name, tenant }) => ({ type: 'subject' as const, value: `${name}@${tenant}` })),
  ];
  const changes: EntityChange[] = [];
  const tx = { db, record: (change: EntityChange) => void changes.push(change) };
  for (const issuer of issuers) {
    for (const one of whose) await recordStricter(tx, { ...one, issuer, issuedBefore, expires: never });
  }
  for (const table of ['access_tokens', 'refresh_tokens', 'api_keys'] as const) {
    await db.updateTable(table).set({ state: 'REVOKED' }).where('state', '!=', 'REVOKED').execute();
  }
  // Who logged out since is not logged in again, and no link or code works a second time.
  for (const table of ['sessions', 'authorization_codes', 'logout_notices', 'password_links'] as const) {
    await db.deleteFrom(table).execute();
  }
  if (changes.length > 0) await appendChanges(db, changes, clock);
  return changes.length;
}
