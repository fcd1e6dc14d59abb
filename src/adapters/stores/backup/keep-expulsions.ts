/**
 * Expulsions outlive a restore in the place of the store that has them: a gateway that was expelled after the backup
 * must not be let in again. (Gateways keep revocations themselves; of expulsions they hear nothing.)
 */
import type { Transaction } from 'kysely';
import type { Expulsion } from '../../../core/expulsion.ts';
import type { Clock } from '../../../platform/clock.ts';
import { appendChanges } from '../change-log.ts';
import { listExpulsions } from '../gateways.ts';
import type { Schema } from '../schema.ts';
import type { StorePlace } from './place.ts';

/**
 * What the store that is there knows; none if it is another installation's, whose gateways are others.
 * @param mark what an installation and its backups have in common: an entry of `meta`
 * @returns null when it can't be read: a damaged store is what backups are for
 */
export async function readExpulsions(
  place: StorePlace,
  mark: { readonly key: string; readonly value: string | undefined },
): Promise<readonly Expulsion[] | null> {
  let found: readonly Expulsion[] = [];
  try {
    if (await place.isEmpty()) return [];
    await place.read(async ({ db }) => {
      const row = await db.selectFrom('meta').select('value').where('key', '=', mark.key).executeTakeFirst();
      if (row !== undefined && row.value === mark.value) found = await listExpulsions(db);
    });
  } catch {
    return null;
  }
  return found;
}

/** Puts into the restored store what it doesn't know. Returns those that were new to it. */
export async function keepExpulsions(
  db: Transaction<Schema>,
  expulsions: readonly Expulsion[],
  clock: Clock,
): Promise<readonly Expulsion[]> {
  const known = new Map((await listExpulsions(db)).map(({ gateway, issuedBefore }) => [gateway, issuedBefore]));
  const lost = expulsions.filter(({ gateway, issuedBefore }) => issuedBefore > (known.get(gateway) ?? -1));
  if (lost.length === 0) return lost;
  await appendChanges(
    db,
    lost.map((value) => ({ kind: 'expulsion', id: value.gateway, value })),
    clock,
  );
  return lost;
}
