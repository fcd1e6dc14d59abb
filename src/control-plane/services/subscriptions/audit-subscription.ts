/** Writes what happened to a subscription to the audit log. */
import { recordAudit } from '../../../adapters/stores/audit-log.ts';
import type { StoreTransaction } from '../../../adapters/stores/store.ts';
import type { CatalogApi } from '../../../core/catalog-api.ts';
import type { ControlPlaneDeps } from '../../deps.ts';
import type { Caller } from '../../rest/caller.ts';

/** @param what it was and became */
export function auditSubscription(
  tx: StoreTransaction,
  { clock }: Pick<ControlPlaneDeps, 'clock'>,
  action: string,
  { api, applicationName, id }: { api: CatalogApi; applicationName: string; id: string },
  { fullName }: Pick<Caller, 'fullName'>,
  what: { before?: unknown; after?: unknown },
): Promise<void> {
  const name = `${applicationName} to ${api.name} ${api.version}`;
  return recordAudit(tx, { actor: fullName, action, kind: 'subscription', id, name, ...what, at: clock.now() });
}
