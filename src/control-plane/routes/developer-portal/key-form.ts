/** Keys of applications in the form of the REST API. */
import type { ClientRow } from '../../../adapters/stores/clients.ts';
import type { KeyType } from '../../../core/application.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { ControlPlaneDeps } from '../../deps.ts';
import type { KeyManager } from '../../key-manager.ts';
import type * as dto from '../../rest/definitions/developer-portal.ts';
import { type ApplicationKey, keyTypes, secretOf } from '../../services/applications/application-keys.ts';
import { checkValidity, validityNames } from '../../services/applications/key-validity.ts';

import { logOutAddressesOf, logOutNames } from './log-out-addresses.ts';

/** @param token issued just now, if one was */
export function toApplicationKey(
  deps: ControlPlaneDeps,
  key: ApplicationKey,
  token?: dto.ApplicationToken,
): dto.ApplicationKey {
  const { id, keyType, keyManager } = key;
  const form = { keyMappingId: id, keyManager, keyType };
  if (key.kind === 'waiting') return { ...form, keyState: 'CREATED', supportedGrantTypes: [] };
  if (key.kind === 'mapped') {
    return { ...form, consumerKey: key.mapped.consumer_key, keyState: 'APPROVED', supportedGrantTypes: [] };
  }
  const { client } = key;
  const secret = secretOf(deps, client);
  return {
    ...form,
    consumerKey: client.consumer_key,
    ...(secret !== null && { consumerSecret: secret }),
    keyState: client.state === 'ACTIVE' ? 'APPROVED' : 'INACTIVE',
    supportedGrantTypes: client.grant_types.split(' '),
    callbackUrl: client.callback_url,
    ...(token && { token }),
    additionalProperties: toProperties(client),
  };
}

type Validity = Record<keyof typeof validityNames, number | null>;

function toProperties(client: ClientRow): Record<string, unknown> {
  const given = Object.entries(validityNames).flatMap(([column, property]) => {
    const value = client[column as keyof Validity];
    return value === null ? [] : [[property, String(value)]];
  });
  return { ...Object.fromEntries(given), ...logOutAddressesOf(client.metadata) };
}

/**
 * Reads how long tokens shall be valid.
 * @param fallback seconds for applications' tokens if nothing says otherwise
 * @throws RestError 400 for what is unknown, no number of seconds, above the maximum, or not above the skew
 */
export function readValidity(
  properties: Readonly<Record<string, unknown>> | undefined,
  bounds: Pick<KeyManager, 'maxValidity' | 'timestampSkew'>,
  fallback?: string,
): Validity {
  const known = new Set<string>([...Object.values(validityNames), 'id_token_expiry_time', ...logOutNames]);
  const unknown = Object.keys(properties ?? {}).filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new RestError(400, `additionalProperties: unknown ${unknown.join(', ')}; expected ${[...known].join(', ')}.`);
  }
  const value = (name: string, other?: unknown): number | null => {
    const given = properties?.[name] ?? other;
    // What the original's own portal sends for "as configured".
    if (given === undefined || given === '' || given === 'N/A') return null;
    const seconds = Number(given);
    if (!Number.isSafeInteger(seconds) || seconds === 0 || seconds > 1e12) {
      throw new RestError(
        400,
        `${name}: expected seconds, or a number below 0 for ever; got ${JSON.stringify(given)}.`,
      );
    }
    return seconds;
  };
  const validity = {
    application_validity: value(validityNames.application_validity, fallback),
    user_validity: value(validityNames.user_validity),
    refresh_validity: value(validityNames.refresh_validity),
  };
  checkValidity(validity, bounds);
  // There are no ID tokens yet; a length for them says nothing.
  return validity;
}

/** @throws RestError 400 */
export function readKeyType(text: string): KeyType {
  const keyType = keyTypes.find((one) => one === text.toUpperCase());
  if (!keyType) throw new RestError(400, `keyType: expected ${keyTypes.join(' or ')}, got ${JSON.stringify(text)}.`);
  return keyType;
}
