import { registerClient, revealSecret } from '../../../adapters/key-managers/built-in.ts';
import { callbackUrlForm, isCallbackUrl } from '../../../adapters/key-managers/callback-url.ts';
import type { ApplicationRow } from '../../../adapters/stores/applications.ts';
import { recordAudit } from '../../../adapters/stores/audit-log.ts';
import {
  type ClientRow,
  type ClientValidity,
  clientsOf,
  deleteClient,
  findClient,
} from '../../../adapters/stores/clients.ts';
import { deleteMappedKey, type MappedKeyRow, mappedKeysOf } from '../../../adapters/stores/mapped-keys.ts';
import type { Queryable, StoreTransaction } from '../../../adapters/stores/store.ts';
import { isUniqueViolation } from '../../../adapters/stores/unique-violation.ts';
import { findWaiting, removeWaiting, type WorkflowRow } from '../../../adapters/stores/workflows.ts';
import type { KeyType } from '../../../core/application.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { type ControlPlaneDeps, seconds } from '../../deps.ts';

/** Our own key manager, as the REST APIs name it. */
export const residentKeyManager = 'Resident Key Manager';

export const keyTypes = ['PRODUCTION', 'SANDBOX'] as const satisfies readonly KeyType[];

const workflowTypes = {
  PRODUCTION: 'APPLICATION_REGISTRATION_PRODUCTION',
  SANDBOX: 'APPLICATION_REGISTRATION_SANDBOX',
} as const;

export const registrationType = (keyType: KeyType) => workflowTypes[keyType];

/** A key of an application, whoever issued it; or one that waits for approval. */
export type ApplicationKey = {
  /** The consumer key of our own; else an id of its own. */
  readonly id: string;
  readonly keyType: KeyType;
  readonly keyManager: string;
} & (
  | { readonly kind: 'own'; readonly client: ClientRow }
  | { readonly kind: 'mapped'; readonly mapped: MappedKeyRow }
  | { readonly kind: 'waiting'; readonly workflow: WorkflowRow }
);

/** The keys of an application, oldest first; those that wait come last. */
export async function keysOf(db: Queryable, applicationId: string): Promise<ApplicationKey[]> {
  const own = (await clientsOf(db, applicationId)).map(ownKey);
  const mapped = (await mappedKeysOf(db, applicationId)).map(
    (row): ApplicationKey => ({
      kind: 'mapped',
      id: row.id,
      keyType: row.key_type,
      keyManager: row.key_manager,
      mapped: row,
    }),
  );
  const waiting: ApplicationKey[] = [];
  for (const keyType of keyTypes) {
    const workflow = await findWaiting(db, [registrationType(keyType)], applicationId);
    if (workflow) {
      waiting.push({ kind: 'waiting', id: workflow.reference, keyType, keyManager: residentKeyManager, workflow });
    }
  }
  return [...own, ...mapped, ...waiting];
}

/** A client of ours, as the key that it is. */
export const ownKey = (client: ClientRow): ApplicationKey => ({
  kind: 'own',
  id: client.consumer_key,
  keyType: client.key_type,
  keyManager: residentKeyManager,
  client,
});

/** What a key may be used for, and how long its tokens are valid. */
export interface KeySettings {
  readonly grantTypes: readonly string[];
  readonly callbackUrl: string;
  readonly validity: ClientValidity;
  /** As in the column `clients.metadata`; absent = nothing. */
  readonly metadata?: string;
}

/** @throws RestError 400 for grant types that don't exist, and for a callback URL that is missing or none */
export function checkKeySettings(
  { grantTypes: asked, callbackUrl }: Omit<KeySettings, 'validity' | 'metadata'>,
  { grantTypes }: ControlPlaneDeps['keyManager'],
): void {
  const unknown = asked.filter((name) => !grantTypes.includes(name));
  if (unknown.length > 0) {
    throw new RestError(400, `Unknown grant types: ${unknown.join(', ')}; expected ${grantTypes.join(', ')}.`);
  }
  if (asked.length === 0) throw new RestError(400, 'At least one grant type is needed.');
  if (!isCallbackUrl(callbackUrl)) throw new RestError(400, `callbackUrl: expected ${callbackUrlForm}.`);
  if (callbackUrl === '' && asked.some((name) => name === 'authorization_code' || name === 'implicit')) {
    throw new RestError(400, 'callbackUrl: the grant types authorization_code and implicit need one.');
  }
}

/** @throws RestError 409 when the application has a key of this type, or one waits for approval */
export async function makeKey(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  application: ApplicationRow,
  asked: KeySettings & { readonly keyType: KeyType },
  actor: string,
): Promise<ClientRow> {
  const { keyType, validity } = asked;
  const { id, name, owner, tenant, token_type: tokenType } = application;
  await refuseSecond(tx, application, keyType);
  try {
    const { consumerKey } = await registerClient(tx, deps.seal, {
      applicationId: id,
      name: `${name}_${keyType}`,
      owner,
      tenant,
      keyType,
      tokenType,
      grantTypes: asked.grantTypes,
      callbackUrl: asked.callbackUrl,
      validity,
      ...(asked.metadata !== undefined && { metadata: asked.metadata }),
      hashClientSecrets: deps.hashClientSecrets,
      now: seconds(deps.clock),
    });
    await auditKey(
      tx,
      deps,
      'generate-key',
      application,
      { consumerKey, keyType, keyManager: residentKeyManager },
      actor,
    );
    return (await findClient(tx.db, consumerKey)) as ClientRow;
  } catch (error) {
    if (isUniqueViolation(error)) throw present(application, keyType);
    throw error;
  }
}

/** @throws RestError 409 when there is a key of this type, be it that it waits for approval */
export async function refuseSecond(tx: StoreTransaction, application: ApplicationRow, keyType: KeyType): Promise<void> {
  const clients = await clientsOf(tx.db, application.id);
  if (clients.some((client) => client.key_type === keyType)) throw present(application, keyType);
}

/** Deletes a key; what was issued for it is revoked. One that waits is asked for no more. */
export async function removeKey(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  application: ApplicationRow,
  key: ApplicationKey,
  actor: string,
): Promise<void> {
  if (key.kind === 'waiting') return removeWaiting(tx, [application.id]);
  if (key.kind === 'mapped') await deleteMappedKey(tx, key.mapped);
  else {
    await deps.keyManager.revoker.revokeClient(key.client.consumer_key, tx);
    await deleteClient(tx, key.client.consumer_key);
  }
  const consumerKey = key.kind === 'own' ? key.client.consumer_key : key.mapped.consumer_key;
  await auditKey(tx, deps, 'delete-key', application, { ...key, consumerKey }, actor);
}

/** The secret, if it can be shown. */
export function secretOf(deps: ControlPlaneDeps, client: ClientRow): string | null {
  return revealSecret(deps.seal, client);
}

export function present(application: ApplicationRow, keyType: KeyType): RestError {
  return new RestError(409, `The application ${application.name} has a ${keyType} key already.`);
}

export async function auditKey(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  action: string,
  application: ApplicationRow,
  key: { readonly consumerKey: string; readonly keyType: KeyType; readonly keyManager: string },
  actor: string,
): Promise<void> {
  const { consumerKey, keyType, keyManager } = key;
  await recordAudit(tx, {
    actor,
    action,
    kind: 'application',
    id: application.id,
    name: application.name,
    after: { consumerKey, keyType, keyManager },
    at: deps.clock.now(),
  });
}
