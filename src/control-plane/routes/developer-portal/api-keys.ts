/** API keys of applications: made and revoked. */
import { findApiKey, insertApiKey, revokeApiKey } from '../../../adapters/stores/api-keys.ts';
import { recordAudit } from '../../../adapters/stores/audit-log.ts';
import { comparableAddress } from '../../../core/ip-address.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type * as dto from '../../rest/definitions/developer-portal.ts';
import { type Operation, type Operations, ok } from '../../rest/operation.ts';
import { ownApplication, usableApplication } from '../../services/applications/applications.ts';
import { readKeyType } from './key-form.ts';

const generate: Operation = async (call, deps) => {
  const { caller } = call;
  const keyType = readKeyType(call.param('keyType'));
  const body = call.json<dto.APIKeyGenerateRequest>();
  const application = await usableApplication(deps.store.db, caller, call.param('applicationId'));
  const validity = readValidity(body.validityPeriod);
  const key = await deps.keyManager.signApiKey({
    applicationId: application.id,
    keyType,
    subject: caller.fullName,
    validity,
    ...readRestrictions(body.additionalProperties),
  });
  if (!key) throw new RestError(404, `There is no application ${application.id}.`);
  await deps.store.transaction(async (tx) => {
    // It may have been deleted while the key was signed.
    await usableApplication(tx.db, caller, application.id);
    await insertApiKey(tx, key.row);
    const { jti, expires_at } = key.row;
    await recordAudit(tx, {
      actor: caller.fullName,
      action: 'generate-api-key',
      kind: 'application',
      id: application.id,
      name: application.name,
      after: { jti, keyType, expires: expires_at },
      at: deps.clock.now(),
    });
  });
  return ok({ apikey: key.value, validityTime: validity ?? -1 } satisfies dto.APIKey);
};

const revoke: Operation = async (call, deps) => {
  const { caller } = call;
  const keyType = readKeyType(call.param('keyType'));
  const { apikey } = call.json<dto.APIKeyRevokeRequest>();
  if (!apikey) throw new RestError(400, 'apikey: the key to revoke is missing.');
  const jti = await deps.keyManager.readApiKey(apikey);
  await deps.store.transaction(async (tx) => {
    const application = await ownApplication(tx.db, caller, call.param('applicationId'));
    const row = jti === null ? null : await findApiKey(tx.db, jti);
    if (row?.application_id !== application.id || row.key_type !== keyType) {
      throw new RestError(400, `apikey: expected a ${keyType} API key of the application ${application.name}.`);
    }
    if (row.state === 'REVOKED') return;
    await revokeApiKey(tx, row);
    await recordAudit(tx, {
      actor: caller.fullName,
      action: 'revoke-api-key',
      kind: 'application',
      id: application.id,
      name: application.name,
      before: { jti: row.jti, keyType, expires: row.expires_at },
      at: deps.clock.now(),
    });
  });
  return ok();
};

export const apiKeys: Operations = {
  'POST /applications/{applicationId}/api-keys/{keyType}/generate': generate,
  'POST /applications/{applicationId}/api-keys/{keyType}/revoke': revoke,
};

/** Seconds; null = for ever. */
function readValidity(validity: number | undefined): number | null {
  if (validity === undefined || validity < 0) return null;
  if (validity > 0) return validity;
  throw new RestError(400, 'validityPeriod: expected seconds, or -1 for a key that never expires.');
}

function readRestrictions(properties: Readonly<Record<string, unknown>> | undefined) {
  const { permittedIP, permittedReferer, ...unknown } = properties ?? {};
  const names = Object.keys(unknown);
  if (names.length > 0) {
    throw new RestError(
      400,
      `additionalProperties: unknown ${names.join(', ')}; expected permittedIP, permittedReferer.`,
    );
  }
  const addresses = readList('permittedIP', permittedIP);
  const wrong = addresses.find((address) => !isAddressOrRange(address));
  if (wrong !== undefined) {
    throw new RestError(400, `permittedIP: expected addresses or ranges (10.0.0.0/8), got ${JSON.stringify(wrong)}.`);
  }
  const referers = readList('permittedReferer', permittedReferer);
  return {
    ...(addresses.length > 0 && { permittedIP: addresses.join(',') }),
    ...(referers.length > 0 && { permittedReferer: referers.join(',') }),
  };
}

function readList(name: string, value: unknown): string[] {
  if (value === undefined || value === '') return [];
  if (typeof value !== 'string' || value.length > 2000) {
    throw new RestError(400, `${name}: expected a text of at most 2000 characters, with commas between its parts.`);
  }
  const parts = value.split(',').map((part) => part.trim());
  if (parts.some((part) => part === '')) throw new RestError(400, `${name}: there is nothing between two commas.`);
  return parts;
}

/** `10.1.2.3`, `10.0.0.0/8`, `2001:db8::/32` (RFC 4632, RFC 4291 section 2.3). */
function isAddressOrRange(text: string): boolean {
  const [address = '', length, ...more] = text.split('/');
  if (more.length > 0 || comparableAddress(address) === null) return false;
  return length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (address.includes(':') ? 128 : 32));
}
