/** Writes what happened to an API to the audit log. */
import { recordAudit } from '../../../adapters/stores/audit-log.ts';
import type { StoreTransaction } from '../../../adapters/stores/store.ts';
import type { CatalogApi } from '../../../core/catalog-api.ts';
import type { ControlPlaneDeps } from '../../deps.ts';
import type { Caller } from '../../rest/caller.ts';

/** @param what it was and became, as far as that tells; never a secret */
export async function audit(
  tx: StoreTransaction,
  { clock }: Pick<ControlPlaneDeps, 'clock'>,
  { fullName }: Pick<Caller, 'fullName'>,
  action: string,
  { id, name, version }: CatalogApi,
  what: { before?: unknown; after?: unknown },
): Promise<void> {
  const entry = { actor: fullName, action, kind: 'api', id, name: `${name} ${version}`, at: clock.now() };
  await recordAudit(tx, { ...entry, ...what });
}
