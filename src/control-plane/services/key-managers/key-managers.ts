/** Key managers that are not ours: what administrators say of them, with the secrets sealed. */
import {
  deleteKeyManager,
  insertKeyManager,
  type KeyManagerRow,
  ownIssuers,
  updateKeyManager,
} from '../../../adapters/stores/key-managers.ts';
import { deleteMappedKeysFrom, mappedKeysFrom } from '../../../adapters/stores/mapped-keys.ts';
import type { StoreTransaction } from '../../../adapters/stores/store.ts';
import { isUniqueViolation } from '../../../adapters/stores/unique-violation.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { ControlPlaneDeps } from '../../deps.ts';
import type { KeyManager } from '../../rest/definitions/admin.ts';
import { auditRow } from '../audit-row.ts';
import { issuerOf } from './issuer-of.ts';

/** What is shown in place of a secret. Sent back, it stands for the secret that is there. */
const mask = '*****';
/** Whoever makes a connector names its properties, and not all secrets are called one: what isn't known to be none is one. */
const known = new Set(['audience', 'client_id', 'clientId', 'username', 'Username', 'self_validate_jwt']);
const isSecret = (name: string): boolean => !known.has(name);

/**
 * The row for what was given; an enabled one has to be complete.
 * @param before the row that it replaces
 * @throws RestError 400
 */
export function readKeyManager(
  { seal }: ControlPlaneDeps,
  given: KeyManager,
  { id, tenant }: Pick<KeyManagerRow, 'id' | 'tenant'>,
  before: KeyManagerRow | null,
): KeyManagerRow {
  const { additionalProperties = {}, id: _id, ...rest } = given;
  const kept = before ? (JSON.parse(before.secrets) as Record<string, string>) : {};
  const plain: Record<string, unknown> = {};
  const secrets: Record<string, string> = {};
  for (const [name, value] of Object.entries(additionalProperties)) {
    if (!isSecret(name)) plain[name] = value;
    else if (value !== mask) secrets[name] = seal.seal(JSON.stringify(value), 'key-manager', id, name);
    else if (kept[name] !== undefined) secrets[name] = kept[name];
    else
      throw new RestError(
        400,
        `body/additionalProperties/${name}: ${mask} stands for a secret that is there; there is none.`,
      );
  }
  const enabled = given.enabled !== false;
  if (enabled) issuerOf(given);
  return {
    id,
    tenant,
    name: given.name,
    issuer: given.issuer || null,
    enabled: enabled ? 1 : 0,
    body: JSON.stringify({ ...rest, enabled, additionalProperties: plain }),
    secrets: JSON.stringify(secrets),
  };
}

/** With the secrets masked. */
export function writeKeyManager({ id, body, secrets }: KeyManagerRow): KeyManager {
  const given = JSON.parse(body) as KeyManager;
  const masked = Object.keys(JSON.parse(secrets) as object).map((name) => [name, mask]);
  return { id, ...given, additionalProperties: { ...given.additionalProperties, ...Object.fromEntries(masked) } };
}

/** @throws RestError 409 when name or issuer are taken */
export async function addKeyManager(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  row: KeyManagerRow,
  actor: string,
): Promise<void> {
  await refuseOwnIssuer(tx, row);
  await unique(row, insertKeyManager(tx, row, announced(row)));
  await audit(tx, deps, actor, 'create', undefined, row);
}

/** @throws RestError 409 when the issuer is taken, or is changed although keys of it are mapped */
export async function changeKeyManager(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  before: KeyManagerRow,
  after: KeyManagerRow,
  actor: string,
): Promise<void> {
  if (after.name !== before.name) {
    throw new RestError(400, `body/name: a key manager keeps its name; expected ${before.name}.`);
  }
  if (after.issuer !== before.issuer) {
    await refuseOwnIssuer(tx, after);
    const mapped = (await mappedKeysFrom(tx.db, before.name)).length;
    if (mapped > 0) {
      throw new RestError(409, `The issuer can't be changed: ${mapped} keys of it are mapped to applications.`);
    }
  }
  await unique(after, updateKeyManager(tx, before, after, announced(after)));
  await audit(tx, deps, actor, 'update', before, after);
}

/** Deletes it with the mappings of its keys: nothing that it issues is good for anything here any more. */
export async function removeKeyManager(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  row: KeyManagerRow,
  actor: string,
): Promise<void> {
  await deleteMappedKeysFrom(tx, row.name);
  await deleteKeyManager(tx, row);
  await audit(tx, deps, actor, 'delete', row, undefined);
}

const announced = (row: KeyManagerRow) => (row.enabled === 1 ? issuerOf(JSON.parse(row.body) as KeyManager) : null);

/** Nobody else speaks for our own users and clients. */
async function refuseOwnIssuer(tx: StoreTransaction, { issuer }: KeyManagerRow): Promise<void> {
  if (issuer === null) return;
  const own = await ownIssuers(tx.db);
  if (own.some((one) => written(one) === written(issuer))) {
    throw new RestError(409, `The issuer ${issuer} is the resident key manager's own.`);
  }
}

/** As one text for all that people take for the same: whatever its case, spaces around it or slashes at its end. */
function written(issuer: string): string {
  const text = issuer.trim();
  const url = URL.canParse(text) ? new URL(text).href : text;
  return url.toLowerCase().replace(/(?<!\/)\/+$/, '');
}

async function unique(row: KeyManagerRow, work: Promise<void>): Promise<void> {
  await work.catch((error) => {
    if (!isUniqueViolation(error)) throw error;
    throw new RestError(409, `There is a key manager with the name ${row.name} or the issuer ${row.issuer} already.`);
  });
}

const audit = auditRow<KeyManagerRow>('key-manager', ({ name }) => name, writeKeyManager);
