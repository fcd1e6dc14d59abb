/** Credentials of back ends inside an endpoint configuration (`endpoint_security`), where newer clients write them. */
import type { EndpointConfig } from '../../../core/catalog-api.ts';
import { endpointList } from '../../../core/deployed-api.ts';
import { RestError } from '../../../platform/rest-error.ts';

export interface EndpointCredentials {
  readonly type: 'BASIC';
  readonly username: string;
  /** Empty = the one that there is. */
  readonly password: string;
}

const kinds = ['production', 'sandbox'] as const;

/**
 * What of it is enabled. An API has one pair of credentials, so production and sandbox can't differ where both have back
 * ends: one's password would be sent to the other.
 * @param given the configuration as it was sent
 * @returns null when there are none
 * @throws RestError 400 when they are not of the expected form, 501 for other types than BASIC, and where they differ
 */
export function endpointCredentials(given: unknown, config: EndpointConfig | null): EndpointCredentials | null {
  const value = typeof given === 'string' && given !== '' ? JSON.parse(given) : given;
  const security = ((value ?? {}) as Record<string, unknown>).endpoint_security as Record<string, unknown> | undefined;
  if (typeof security !== 'object' || security === null) return null;
  const found = kinds
    .filter((kind) => endpointList(config?.[`${kind}_endpoints`]).length > 0)
    .map((kind) => credentialsOf(security[kind], kind));
  const [first] = found;
  if (!found.some((one) => one !== null)) return null;
  if (!first || found.some((one) => JSON.stringify(one) !== JSON.stringify(first))) {
    throw new RestError(501, 'endpoint_security: credentials of production and sandbox that differ are not built yet.');
  }
  return first;
}

function credentialsOf(given: unknown, kind: string): EndpointCredentials | null {
  if (typeof given !== 'object' || given === null) return null;
  const { enabled, type, username, password } = given as Record<string, unknown>;
  if (enabled !== true && enabled !== 'true') return null;
  if (typeof type !== 'string') throw new RestError(400, `endpoint_security.${kind}: type: expected BASIC.`);
  if (type.toUpperCase() !== 'BASIC') {
    throw new RestError(501, `endpoint_security.${kind}: expected the type BASIC; others are not built yet.`);
  }
  if (typeof username !== 'string' || username === '' || (password !== undefined && typeof password !== 'string')) {
    throw new RestError(400, `endpoint_security.${kind}: expected "username" and "password".`);
  }
  return { type: 'BASIC', username, password: password ?? '' };
}
