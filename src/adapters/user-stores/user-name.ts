/** The ways of writing a user's name: `admin`, `admin@carbon.super`, `PRIMARY/admin`. */
import { defaultTenant } from '../../core/tenant.ts';

/** The user store that is meant when none is named. */
const primary = 'PRIMARY';

/**
 * Name without tenant and user store; null when another tenant or store is named. What stands behind the last `@` is
 * a tenant, so that a name can not be taken for one of another tenant.
 */
export function readUserName(text: string): { name: string; tenant: string } | null {
  const slash = text.indexOf('/');
  if (slash >= 0 && text.slice(0, slash).toUpperCase() !== primary) return null;
  const rest = text.slice(slash + 1);
  const at = rest.lastIndexOf('@');
  if (at >= 0 && rest.slice(at + 1) !== defaultTenant) return null;
  const name = at >= 0 ? rest.slice(0, at) : rest;
  return name === '' ? null : { name, tenant: defaultTenant };
}
