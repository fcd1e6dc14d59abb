/** Who may change what of an API: a creator everything, a publisher what developers see and choose. */
import type { CatalogApi } from '../../../core/catalog-api.ts';
import { whenStaleOf } from '../../../core/deployed-api.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { Caller } from '../../rest/caller.ts';

/** Fields that the scope `apim:api_publish` is enough for, and those that change by themselves. */
const publishers = new Set([
  'tags',
  'policies',
  'apiThrottlingPolicy',
  'visibility',
  'visibleRoles',
  'updatedAt',
  // In `more`.
  'gatewayEnvironments',
  'subscriptionAvailability',
  'additionalProperties',
  'businessInformation',
]);

/** @throws RestError 403 that names what the caller may not change */
export function requireChangeable(caller: Caller, before: CatalogApi, after: CatalogApi): void {
  if (caller.scopes.has('apim:api_create')) return;
  const was: Record<string, unknown> = { ...before, ...before.more, more: undefined };
  const is: Record<string, unknown> = { ...after, ...after.more, more: undefined };
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  const refused = names.filter(
    (name) => !publishers.has(name) && JSON.stringify(was[name]) !== JSON.stringify(is[name]),
  );
  // Of the properties that anybody may write, the one that decides who is served.
  if (whenStaleOf(before).whenStale !== whenStaleOf(after).whenStale) refused.push('additionalProperties.whenStale');
  if (refused.length > 0) {
    throw new RestError(403, `To change ${refused.join(', ')} needs a token with the scope apim:api_create.`);
  }
}
