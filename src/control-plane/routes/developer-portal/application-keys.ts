/** Consumer keys of applications: made here or mapped, read, changed, renewed, and tokens for them. */
import { regenerateSecret } from '../../../adapters/key-managers/built-in.ts';
import type { ApplicationRow } from '../../../adapters/stores/applications.ts';
import { type ClientRow, updateClient } from '../../../adapters/stores/clients.ts';
import type { Queryable, StoreTransaction } from '../../../adapters/stores/store.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { ControlPlaneDeps } from '../../deps.ts';
import type * as dto from '../../rest/definitions/developer-portal.ts';
import { type Operation, type Operations, ok, type RestCall } from '../../rest/operation.ts';
import {
  type ApplicationKey,
  auditKey,
  checkKeySettings,
  keysOf,
  makeKey,
  ownKey,
  refuseSecond,
  registrationType,
  removeKey,
  residentKeyManager,
} from '../../services/applications/application-keys.ts';
import { ownApplication, usableApplication } from '../../services/applications/applications.ts';
import { mapForeignKey, mapOwnKey } from '../../services/applications/map-keys.ts';
import { foreignKeyManager } from '../../services/key-managers/foreign-key-managers.ts';
import { needsApproval, startWorkflow } from '../../services/workflows/workflows.ts';
import { readKeyType, readValidity, toApplicationKey } from './key-form.ts';
import { withLogOutAddresses } from './log-out-addresses.ts';

const generate: Operation = async (call, deps) => {
  const { caller } = call;
  const body = call.json<dto.ApplicationKeyGenerateRequest>();
  if (!isResident(body.keyManager)) {
    throw new RestError(400, `keyManager: only ${residentKeyManager} makes keys here; map those of others.`);
  }
  if (body.clientId !== undefined) throw new RestError(400, 'clientId: map a key that exists already (map-keys).');
  const { keyType, scopes = [] } = body;
  const settings = {
    grantTypes: [...new Set(body.grantTypesToBeSupported)],
    callbackUrl: body.callbackUrl ?? '',
    validity: readValidity(body.additionalProperties, deps.keyManager, body.validityTime),
    metadata: withLogOutAddresses('{}', body.additionalProperties),
  };
  checkKeySettings(settings, deps.keyManager);
  const made = await deps.store.transaction(async (tx): Promise<ApplicationKey> => {
    const application = await usableApplication(tx.db, caller, call.param('applicationId'));
    const type = registrationType(keyType);
    if (!needsApproval(deps, type)) {
      return ownKey(await makeKey(tx, deps, application, { ...settings, keyType }, caller.fullName));
    }
    await refuseSecond(tx, application, keyType);
    await startWorkflow(tx, deps, {
      type,
      subjectId: application.id,
      requester: caller.fullName,
      tenant: caller.tenant,
      properties: {
        applicationName: application.name,
        keyType,
        userName: caller.fullName,
        settings: JSON.stringify(settings),
      },
      description: `Make the ${keyType} keys of the application ${application.name}`,
    });
    return findKey(await keysOf(tx.db, application.id), (key) => key.kind === 'waiting' && key.keyType === keyType);
  });
  const mayHaveToken = made.kind === 'own' && settings.grantTypes.includes('client_credentials');
  const token = mayHaveToken ? await tokenFor(deps, made.id, scopes, -1) : undefined;
  return ok(toApplicationKey(deps, made, token));
};

const map: Operation = async (call, deps) => {
  const { caller } = call;
  const { consumerKey, consumerSecret, keyType, keyManager } = call.json<dto.ApplicationKeyMappingRequest>();
  const key = await deps.store.transaction(async (tx): Promise<ApplicationKey> => {
    const application = await usableApplication(tx.db, caller, call.param('applicationId'));
    if (isResident(keyManager)) {
      return ownKey(await mapOwnKey(tx, deps, application, { consumerKey, consumerSecret, keyType }, caller));
    }
    const { name, issuer } = await foreignKeyManager(tx.db, caller.tenant, keyManager as string);
    const mapped = await mapForeignKey(
      tx,
      deps,
      application,
      { consumerKey, keyType, keyManager: name, issuer },
      caller,
    );
    return { kind: 'mapped', id: mapped.id, keyType, keyManager: name, mapped };
  });
  return ok(toApplicationKey(deps, key));
};

const list: Operation = async (call, deps) => {
  const { id } = await ownApplication(deps.store.db, call.caller, call.param('applicationId'));
  const keys = (await keysOf(deps.store.db, id)).map((key) => toApplicationKey(deps, key));
  return ok({ count: keys.length, list: keys } satisfies dto.ApplicationKeyList);
};

const read: Operation = async (call, deps) => {
  const { key } = await keyOf(deps.store.db, call);
  return ok(toApplicationKey(deps, key));
};

const update: Operation = async (call, deps) => {
  const body = call.json<dto.ApplicationKey>();
  const changed = await deps.store.transaction(async (tx) => {
    const { application, client } = await clientOf(tx.db, call);
    const settings = {
      grantTypes: [...new Set(body.supportedGrantTypes ?? client.grant_types.split(' '))],
      callbackUrl: body.callbackUrl ?? client.callback_url,
    };
    checkKeySettings(settings, deps.keyManager);
    const change = {
      grant_types: settings.grantTypes.join(' '),
      callback_url: settings.callbackUrl,
      ...(body.additionalProperties && {
        ...readValidity(body.additionalProperties, deps.keyManager),
        metadata: withLogOutAddresses(client.metadata, body.additionalProperties),
      }),
    };
    await updateClient(tx, client.consumer_key, change);
    await audit(tx, deps, 'update-key', application, client, call);
    return ownKey({ ...client, ...change });
  });
  return ok(toApplicationKey(deps, changed));
};

const renewSecret: Operation = async (call, deps) => {
  const renewed = await deps.store.transaction(async (tx) => {
    const { application, client } = await clientOf(tx.db, call);
    await audit(tx, deps, 'regenerate-secret', application, client, call);
    // Whoever had the old one has tokens too.
    await deps.keyManager.revoker.revokeClient(client.consumer_key, tx);
    return regenerateSecret(tx, deps.seal, client.consumer_key, deps);
  });
  return ok((renewed ?? {}) satisfies dto.ApplicationKeyReGenerateResponse);
};

const cleanUp: Operation = async (call, deps) => {
  await deps.store.transaction(async (tx) => {
    const { application, key } = await keyOf(tx.db, call);
    await removeKey(tx, deps, application, key, call.caller.fullName);
  });
  return ok();
};

const generateToken: Operation = async (call, deps) => {
  const body = call.json<dto.ApplicationTokenGenerateRequest>();
  const { application, client } = await clientOf(deps.store.db, call);
  if (body.revokeToken) {
    const { outcome } = await deps.keyManager.revoker.revoke(body.revokeToken, client.consumer_key);
    if (outcome === 'foreign') throw new RestError(400, 'revokeToken: that token was not issued to this key.');
  }
  const token = await tokenFor(deps, client.consumer_key, body.scopes ?? [], body.validityPeriod ?? -1);
  await deps.store.transaction((tx) => audit(tx, deps, 'generate-token', application, client, call));
  return ok(token);
};

const byType = '/applications/{applicationId}/keys/{keyType}';
const byId = '/applications/{applicationId}/oauth-keys/{keyMappingId}';

export const applicationKeys: Operations = {
  'POST /applications/{applicationId}/generate-keys': generate,
  'POST /applications/{applicationId}/map-keys': map,
  'GET /applications/{applicationId}/keys': list,
  'GET /applications/{applicationId}/oauth-keys': list,
  ...Object.fromEntries(
    [byType, byId].flatMap((path) => [
      [`GET ${path}`, read],
      [`PUT ${path}`, update],
      [`POST ${path}/regenerate-secret`, renewSecret],
      [`POST ${path}/clean-up`, cleanUp],
      [`POST ${path}/generate-token`, generateToken],
    ]),
  ),
};

const isResident = (keyManager: string | undefined): boolean =>
  keyManager === undefined || ['', 'resident', residentKeyManager].includes(keyManager);

/** The key that the path names, by its type (our own key manager's, if there are several) or its id. */
async function keyOf(db: Queryable, call: RestCall): Promise<{ application: ApplicationRow; key: ApplicationKey }> {
  const application = await ownApplication(db, call.caller, call.param('applicationId'));
  const keys = await keysOf(db, application.id);
  const id = call.param('keyMappingId');
  if (id !== undefined) return { application, key: findKey(keys, (key) => key.id === id) };
  const keyType = readKeyType(call.param('keyType'));
  return { application, key: findKey(keys, (key) => key.keyType === keyType) };
}

function findKey(keys: readonly ApplicationKey[], matches: (key: ApplicationKey) => boolean): ApplicationKey {
  const key = keys.find(matches);
  if (!key) throw new RestError(404, 'The application has no such key.');
  return key;
}

async function clientOf(db: Queryable, call: RestCall): Promise<{ application: ApplicationRow; client: ClientRow }> {
  const { application, key } = await keyOf(db, call);
  if (key.kind === 'own') return { application, client: key.client };
  const why = key.kind === 'mapped' ? `is ${key.keyManager}'s, and is changed there` : 'waits for approval';
  throw new RestError(400, `The key ${why}.`);
}

async function tokenFor(
  { keyManager }: ControlPlaneDeps,
  consumerKey: string,
  scopes: readonly string[],
  validity: number,
): Promise<dto.ApplicationToken> {
  const token = await keyManager.applicationToken({ consumerKey, scopes, validity });
  return { accessToken: token.value, tokenScopes: [...token.scopes], validityTime: token.expiresIn };
}

function audit(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  action: string,
  application: ApplicationRow,
  client: ClientRow,
  call: RestCall,
): Promise<void> {
  const key = { consumerKey: client.consumer_key, keyType: client.key_type, keyManager: residentKeyManager };
  return auditKey(tx, deps, action, application, key, call.caller.fullName);
}
