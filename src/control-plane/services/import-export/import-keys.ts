/** Gives an application the consumer keys of its file. A key that is there already is the same one, or nothing is done. */
import { registerClient, verifySecret } from '../../../adapters/key-managers/built-in.ts';
import type { ApplicationRow } from '../../../adapters/stores/applications.ts';
import { type ClientRow, clientsOf, findClient, updateClient } from '../../../adapters/stores/clients.ts';
import { mappedKeysOf } from '../../../adapters/stores/mapped-keys.ts';
import type { StoreTransaction } from '../../../adapters/stores/store.ts';
import { isUniqueViolation } from '../../../adapters/stores/unique-violation.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { type ControlPlaneDeps, seconds } from '../../deps.ts';
import type { Caller } from '../../rest/caller.ts';
import { auditKey, checkKeySettings, residentKeyManager } from '../applications/application-keys.ts';
import { checkValidity } from '../applications/key-validity.ts';
import { mapForeignKey } from '../applications/map-keys.ts';
import { foreignKeyManager } from '../key-managers/foreign-key-managers.ts';
import type { ApplicationKeyFile } from './application-file.ts';

/** @throws RestError 400 when a key's key manager is not known here, 409 when a key is another application's, or the application has another one of that type */
export async function importKeys(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  caller: Caller,
  application: ApplicationRow,
  keys: readonly ApplicationKeyFile[],
): Promise<void> {
  const own = await clientsOf(tx.db, application.id);
  const mapped = await mappedKeysOf(tx.db, application.id);
  for (const key of keys) {
    const { keyManager, keyType, consumerKey } = key;
    if (keyManager === null) {
      const present = own.find((client) => client.key_type === keyType);
      if (present) await bringUpToDate(tx, deps, caller, application, present, key);
      else await add(tx, deps, caller, application, key);
      continue;
    }
    const { name } = keyManager;
    const issuer = keyManager.issuer ?? (await foreignKeyManager(tx.db, caller.tenant, name)).issuer;
    if (mapped.some((row) => row.consumer_key === consumerKey && row.issuer === issuer)) continue;
    await mapForeignKey(tx, deps, application, { consumerKey, keyType, keyManager: name, issuer }, caller);
  }
}

async function add(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  caller: Caller,
  application: ApplicationRow,
  key: ApplicationKeyFile,
): Promise<void> {
  checkKeySettings(key, deps.keyManager);
  checkValidity(key.validity, deps.keyManager);
  const { consumerKey, consumerSecret, secretHash, keyType } = key;
  const taken = () =>
    new RestError(
      409,
      `The consumer key ${consumerKey} is another application's here; expected to leave the keys out.`,
    );
  if (await findClient(tx.db, consumerKey)) throw taken();
  await registerClient(tx, deps.seal, {
    applicationId: application.id,
    name: `${application.name}_${keyType}`,
    owner: application.owner,
    tenant: application.tenant,
    keyType,
    tokenType: application.token_type,
    grantTypes: key.grantTypes,
    callbackUrl: key.callbackUrl,
    validity: key.validity,
    hashClientSecrets: deps.hashClientSecrets,
    now: seconds(deps.clock),
    given: { consumerKey, consumerSecret: consumerSecret ?? '' },
  }).catch((error) => {
    if (isUniqueViolation(error)) throw taken();
    throw error;
  });
  // Only the hash of it is known: it is what is kept.
  if (consumerSecret === null) await updateClient(tx, consumerKey, { secret_sealed: null, secret_hash: secretHash });
  const shown = { consumerKey, keyType, keyManager: residentKeyManager };
  await auditKey(tx, deps, 'import-key', application, shown, caller.fullName);
}

async function bringUpToDate(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  caller: Caller,
  application: ApplicationRow,
  present: ClientRow,
  key: ApplicationKeyFile,
): Promise<void> {
  const { consumerKey, consumerSecret, secretHash, keyType } = key;
  const isSame =
    present.consumer_key === consumerKey &&
    (consumerSecret === null ? present.secret_hash === secretHash : verifySecret(deps.seal, present, consumerSecret));
  if (!isSame) {
    throw new RestError(
      409,
      `The application ${application.name} has another ${keyType} key or secret here; expected to leave the keys out, or to delete that one first.`,
    );
  }
  const change = { grant_types: key.grantTypes.join(' '), callback_url: key.callbackUrl, ...key.validity };
  if (Object.entries(change).every(([column, value]) => present[column as keyof typeof change] === value)) return;
  checkKeySettings(key, deps.keyManager);
  checkValidity(key.validity, deps.keyManager);
  await updateClient(tx, consumerKey, change);
  const shown = { consumerKey, keyType, keyManager: residentKeyManager };
  await auditKey(tx, deps, 'update-key', application, shown, caller.fullName);
}
