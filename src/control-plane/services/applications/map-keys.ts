/** Consumer keys that exist already become those of an application. */
import { randomUUID } from 'node:crypto';
import { verifySecret } from '../../../adapters/key-managers/built-in.ts';
import type { ApplicationRow } from '../../../adapters/stores/applications.ts';
import { assignClient, type ClientRow, findClient } from '../../../adapters/stores/clients.ts';
import { insertMappedKey, type MappedKeyRow } from '../../../adapters/stores/mapped-keys.ts';
import type { StoreTransaction } from '../../../adapters/stores/store.ts';
import { isUniqueViolation } from '../../../adapters/stores/unique-violation.ts';
import type { KeyType } from '../../../core/application.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { type ControlPlaneDeps, seconds } from '../../deps.ts';
import type { Caller } from '../../rest/caller.ts';
import { auditKey, present, refuseSecond, residentKeyManager } from './application-keys.ts';

/**
 * Makes a client that registered itself the key of an application. From then on it is the application's: it goes with it.
 * @throws RestError 400 when the consumer key is none of the caller's, or the secret is wrong; 409 when it or its type is taken
 */
export async function mapOwnKey(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  application: ApplicationRow,
  asked: { consumerKey: string; consumerSecret: string | undefined; keyType: KeyType },
  caller: Caller,
): Promise<ClientRow> {
  const { consumerKey, consumerSecret, keyType } = asked;
  const client = await findClient(tx.db, consumerKey);
  const proven =
    client !== null &&
    (consumerSecret === undefined ? client.owner === caller.fullName : verifySecret(deps.seal, client, consumerSecret));
  if (!proven) {
    throw new RestError(400, 'The consumer key is none of yours, or its secret is wrong.');
  }
  await refuseSecond(tx, application, keyType);
  const to = { application_id: application.id, key_type: keyType, owner: application.owner };
  const assigned = await assignClient(tx, consumerKey, to).catch((error) => {
    throw isUniqueViolation(error) ? present(application, keyType) : error;
  });
  if (!assigned) throw new RestError(409, 'The consumer key is mapped to an application already.');
  await auditKey(
    tx,
    deps,
    'map-key',
    application,
    { consumerKey, keyType, keyManager: residentKeyManager },
    caller.fullName,
  );
  return (await findClient(tx.db, consumerKey)) as ClientRow;
}

/** Says whose a consumer key is that another key manager issued. @throws RestError 409 when it or its type is taken */
export async function mapForeignKey(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  application: ApplicationRow,
  asked: { consumerKey: string; keyType: KeyType; keyManager: string; issuer: string },
  caller: Caller,
): Promise<MappedKeyRow> {
  const row: MappedKeyRow = {
    id: randomUUID(),
    application_id: application.id,
    key_type: asked.keyType,
    key_manager: asked.keyManager,
    issuer: asked.issuer,
    consumer_key: asked.consumerKey,
    created_at: seconds(deps.clock),
  };
  try {
    await insertMappedKey(tx, row);
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    const what = `the application ${application.name} has a ${asked.keyType} key of ${asked.keyManager}`;
    throw new RestError(409, `The consumer key is mapped to an application already, or ${what}.`);
  }
  const { consumerKey, keyType, keyManager } = asked;
  await auditKey(tx, deps, 'map-key', application, { consumerKey, keyType, keyManager }, caller.fullName);
  return row;
}
