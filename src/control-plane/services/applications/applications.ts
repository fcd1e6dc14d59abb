/** Applications: whose they are, and what else changes when they do. */
import { regenerateSecret } from '../../../adapters/key-managers/built-in.ts';
import { revokeApiKeysOf } from '../../../adapters/stores/api-keys.ts';
import {
  type ApplicationRow,
  deleteApplication,
  findApplication,
  updateApplication,
} from '../../../adapters/stores/applications.ts';
import { recordAudit } from '../../../adapters/stores/audit-log.ts';
import { clientsOf, updateClient } from '../../../adapters/stores/clients.ts';
import { moveDenyRule } from '../../../adapters/stores/deny-rules.ts';
import { deleteMappedKey, mappedKeysOf } from '../../../adapters/stores/mapped-keys.ts';
import type { Queryable, StoreTransaction } from '../../../adapters/stores/store.ts';
import { isUniqueViolation } from '../../../adapters/stores/unique-violation.ts';
import { removeWaiting, waitingFor } from '../../../adapters/stores/workflows.ts';
import { shownUserName } from '../../../core/tenant.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { type ControlPlaneDeps, seconds } from '../../deps.ts';
import type { Caller } from '../../rest/caller.ts';
import { writeDenyRule } from '../policies/deny-rules.ts';

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
  await revokeApiKeysOf(tx, { applicationId: id });
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
 * Changes an application. What waits for approval shows name and tier, which stay until it is decided; and a rule that
 * shuts the application out follows it.
 * @throws RestError 409 when the owner has an application of the name, or something of this one waits for approval
 */
export async function changeApplication(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  before: ApplicationRow,
  change: Parameters<typeof updateApplication>[2],
  actor: string,
): Promise<ApplicationRow> {
  const after = { ...before, ...change };
  if (after.name !== before.name || after.tier !== before.tier) {
    const [waiting] = await waitingFor(tx.db, before.id);
    if (waiting) {
      throw new RestError(
        409,
        `The application keeps its name and tier until this is decided: ${waiting.description}.`,
      );
    }
  }
  try {
    await updateApplication(tx, before.id, change);
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new RestError(409, `${shownUserName(after.owner)} has an application ${after.name} already.`);
  }
  await moveRule(tx, deps, before, after, actor);
  return after;
}

/** The gateways know rules by owner and name, and so do administrators. */
async function moveRule(
  tx: StoreTransaction,
  { clock }: ControlPlaneDeps,
  was: ApplicationRow,
  is: ApplicationRow,
  actor: string,
): Promise<void> {
  const value = ({ owner, name }: ApplicationRow) => `${owner}:${name}`;
  if (value(was) === value(is)) return;
  const rule = { tenant: was.tenant, type: 'APPLICATION' } as const;
  const moved = await moveDenyRule(tx, rule, { from: value(was), to: value(is) });
  if (!moved) return;
  const entry = { actor, action: 'update', kind: 'deny-rule', id: moved.after.id, at: clock.now() };
  await recordAudit(tx, {
    ...entry,
    name: `APPLICATION ${moved.after.value}`,
    before: writeDenyRule(moved.before),
    after: writeDenyRule(moved.after),
  });
}

/**
 * Gives an application to another user, and nothing of it stays with the old one: what its keys were issued for is
 * revoked, its secrets are new ones, and keys of other key managers are its no more. The new owner's roles and name are in
 * what is issued from now on.
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
  await changeApplication(tx, deps, application, { owner, updated_at: seconds(deps.clock) }, actor);
  for (const { consumer_key } of await clientsOf(tx.db, application.id)) {
    await deps.keyManager.revoker.revokeClient(consumer_key, tx);
    await updateClient(tx, consumer_key, { owner });
    await regenerateSecret(tx, deps.seal, consumer_key, deps);
  }
  const mapped = await mappedKeysOf(tx.db, application.id);
  for (const key of mapped) await deleteMappedKey(tx, key);
  await revokeApiKeysOf(tx, { applicationId: application.id });
  await recordAudit(tx, {
    actor,
    action: 'change-owner',
    kind: 'application',
    id: application.id,
    name: application.name,
    before: { owner: application.owner, mappedKeys: mapped.map(({ consumer_key }) => consumer_key) },
    after: { owner, mappedKeys: [] },
    at: deps.clock.now(),
  });
}
