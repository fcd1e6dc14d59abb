/** Key managers: our own, which is always there, and those elsewhere whose tokens gateways believe. */
import { randomUUID } from 'node:crypto';
import { findKeyManager, type KeyManagerRow, listKeyManagers } from '../../../adapters/stores/key-managers.ts';
import type { Queryable } from '../../../adapters/stores/store.ts';
import { hasHiddenCharacters, hiddenCharacters } from '../../../core/hidden-characters.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { ControlPlaneDeps } from '../../deps.ts';
import type { KeyManager } from '../../rest/definitions/admin.ts';
import { created, type Operation, type Operations, ok } from '../../rest/operation.ts';
import { residentKeyManager } from '../../services/applications/application-keys.ts';
import {
  addKeyManager,
  changeKeyManager,
  readKeyManager,
  removeKeyManager,
  writeKeyManager,
} from '../../services/key-managers/key-managers.ts';

const list: Operation = async ({ caller }, deps) => {
  const rows = await listKeyManagers(deps.store.db, caller.tenant);
  const all = [resident(deps), ...rows.map(writeKeyManager)];
  const brief = all.map(({ id, name, type, description = '', enabled }) => ({ id, name, type, description, enabled }));
  return ok({ count: brief.length, list: brief });
};

const create: Operation = async (call, deps) => {
  const { caller } = call;
  const given = call.json<KeyManager>();
  if (given.name.trim() === '') throw new RestError(400, 'body/name: expected a name.');
  if (hasHiddenCharacters(given.name)) throw new RestError(400, `body/name: expected no ${hiddenCharacters}.`);
  if (given.name === residentKeyManager) throw new RestError(409, `There is the ${residentKeyManager} already.`);
  const row = readKeyManager(deps, given, { id: randomUUID(), tenant: caller.tenant }, null);
  await deps.store.transaction((tx) => addKeyManager(tx, deps, row, caller.fullName));
  return created(writeKeyManager(row), `${call.base}/key-managers/${row.id}`);
};

const get: Operation = async (call, deps) => {
  const id = call.param('keyManagerId');
  return ok(id === residentId ? resident(deps) : writeKeyManager(await existing(deps.store.db, id)));
};

const update: Operation = async (call, deps) => {
  const id = changeable(call.param('keyManagerId'));
  const given = call.json<KeyManager>();
  const row = await deps.store.transaction(async (tx) => {
    const before = await existing(tx.db, id);
    const after = readKeyManager(deps, given, before, before);
    await changeKeyManager(tx, deps, before, after, call.caller.fullName);
    return after;
  });
  return ok(writeKeyManager(row));
};

const remove: Operation = async (call, deps) => {
  const id = changeable(call.param('keyManagerId'));
  await deps.store.transaction(async (tx) => {
    await removeKeyManager(tx, deps, await existing(tx.db, id), call.caller.fullName);
  });
  return ok();
};

export const keyManagers: Operations = {
  'GET /key-managers': list,
  'POST /key-managers': create,
  'GET /key-managers/{keyManagerId}': get,
  'PUT /key-managers/{keyManagerId}': update,
  'DELETE /key-managers/{keyManagerId}': remove,
};

/** As the developer portal calls it. */
const residentId = residentKeyManager;

/** What it does is said by the options of the key manager. */
const resident = ({ publicUrl }: ControlPlaneDeps): KeyManager => ({
  id: residentId,
  name: residentKeyManager,
  displayName: residentKeyManager,
  type: 'default',
  description: 'The key manager of this installation.',
  enabled: true,
  issuer: `${publicUrl}/oauth2/token`,
  certificates: { type: 'JWKS', value: `${publicUrl}/oauth2/jwks` },
  tokenEndpoint: `${publicUrl}/oauth2/token`,
  revokeEndpoint: `${publicUrl}/oauth2/revoke`,
  introspectionEndpoint: `${publicUrl}/oauth2/introspect`,
  userInfoEndpoint: `${publicUrl}/oauth2/userinfo`,
  authorizeEndpoint: `${publicUrl}/oauth2/authorize`,
  clientRegistrationEndpoint: `${publicUrl}/client-registration/v0.17/register`,
});

function changeable(id: string): string {
  if (id !== residentId) return id;
  throw new RestError(
    409,
    `The ${residentKeyManager} is always there; it is set up by the options of the key manager.`,
  );
}

async function existing(db: Queryable, id: string): Promise<KeyManagerRow> {
  const row = await findKeyManager(db, id);
  if (!row) throw new RestError(404, `There is no key manager ${id}.`);
  return row;
}
