/** Applications: whose they are, and what else changes when they do. */
import { revokeApiKeysOf } from '../../adapters/stores/api-keys.ts';
import {
  type ApplicationRow,
  deleteApplication,
  findApplication,
  updateApplication,
} from '../../adapters/stores/applications.ts';
import { recordAudit } from '../../adapters/stores/audit-log.ts';
import { clientsOf, updateClient } from '../../adapters/stores/clients.ts';
import { deleteMappedKey, mappedKeysOf } from '../../adapters/stores/mapped-keys.ts';
import type { Queryable, StoreTransaction } from '../../adapters/stores/store.ts';
import { isUniqueViolation } from '../../adapters/stores/unique-violation.ts';
import { removeWaiting } from '../../adapters/stores/workflows.ts';
import { RestError } from '../../platform/rest-error.ts';
import { type ControlPlaneDeps, seconds } from '../deps.ts';
import type { Caller } from '../rest/caller.ts';

/** An application of the caller. @throws RestError 404 for those of others too, so that nothing is told of them */
export async function ownApplication(db: Queryable, caller: Caller, id: string): Promise<ApplicationRow> {
  const application = await findApplication(db, id);
  if (application?.owner !== caller.fullName) throw new RestError(404, `There is no application ${id}.`);
  return application;
}

/** @throws RestError 404 as `ownApplication`, 409 as long as it is not approved */
export async function usableApplication(db: Queryable, caller: Caller, id: string): Promise<ApplicationRow> {
  const application = await ownApplication(db, caller, id);
  if (application.status === 'APPROVED') return application;
  const why = application.status === 'CREATED' ? 'waits for approval' : 'was not approved';
  throw new RestError(409, `The application ${application.name} ${why}.`);
}

/** What the audit log says of an application. */
export const applicationFacts = ({ name, owner, tier, token_type, status, description, ...rest }: ApplicationRow) => ({
  name,
  owner,
  tier,
  tokenType: token_type,
  status,
  description,
  attributes: JSON.parse(rest.attributes) as unknown,
});

/** Deletes an application with its subscriptions and keys; what was issued for it is revoked in the same transaction. */
export async function removeApplication(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  application: ApplicationRow,
  actor: string,
): Promise<void> {
  const { id } = application;
  for (const client of await clientsOf(tx.db, id)) {
    await deps.keyManager.revoker.revokeClient(client.consumer_key, tx);
  }
  await revokeApiKeysOf(tx, { applicationId: id }, seconds(deps.clock));
  for (const key of await mappedKeysOf(tx.db, id)) await deleteMappedKey(tx, key);
  await removeWaiting(tx, [id]);
  await deleteApplication(tx, id);
  await recordAudit(tx, {
    actor,
    action: 'delete',
    kind: 'application',
    id,
    name: application.name,
    before: applicationFacts(application),
    at: deps.clock.now(),
  });
}

/**
 * Gives an application to another user. What its keys were issued for the old owner is revoked; the new owner's roles and
 * name are in what is issued from now on.
 * @param owner `name@tenant` of a user who exists
 * @throws RestError 409 when that user has an application of the name
 */
export async function changeOwner(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  application: ApplicationRow,
  owner: string,
  actor: string,
): Promise<void> {
  if (application.owner === owner) return;
  try {
    await updateApplication(tx, application.id, { owner, updated_at: seconds(deps.clock) });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new RestError(409, `The user ${owner} has an application ${application.name} already.`);
  }
  for (const { consumer_key } of await clientsOf(tx.db, application.id)) {
    await deps.keyManager.revoker.revokeClient(consumer_key, tx);
    await updateClient(tx, consumer_key, { owner });
  }
  await revokeApiKeysOf(tx, { applicationId: application.id }, seconds(deps.clock));
  await recordAudit(tx, {
    actor,
    action: 'change-owner',
    kind: 'application',
    id: application.id,
    name: application.name,
    before: { owner: application.owner },
    after: { owner },
    at: deps.clock.now(),
  });
}
