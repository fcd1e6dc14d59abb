/** Roles: those that the control plane itself knows, and any others that users are given. */
import { RestError } from '../../../platform/rest-error.ts';

/** Every installation has them, whether or not somebody has got them. */
export const builtInRoles: readonly string[] = [
  'admin',
  'Internal/analytics',
  'Internal/creator',
  'Internal/devops',
  'Internal/everyone',
  'Internal/observer',
  'Internal/publisher',
  'Internal/subscriber',
  'Internal/system',
];

/** What every user has. */
export const everyone = 'Internal/everyone';

/**
 * The roles that a user gets when these are asked for: any name makes a role, but `Internal/…` are the control plane's own
 * and `Application/…` are nobody's to give.
 * @throws RestError 400
 */
export function readRoles(asked: readonly string[]): string[] {
  for (const role of asked) {
    if (builtInRoles.includes(role)) continue;
    if (/^(?:Internal|Application)\//i.test(role)) {
      throw new RestError(
        400,
        `body/roles: there is no role ${role}; of Internal/ there are ${builtInRoles.slice(1).join(', ')}.`,
      );
    }
    if (!/^[\w.@-]{1,100}$/.test(role)) {
      throw new RestError(
        400,
        `body/roles: expected 1 to 100 letters, digits and characters of . _ @ -, got ${JSON.stringify(role)}.`,
      );
    }
  }
  return [...new Set([...asked, everyone])].toSorted();
}
