/** The ways of writing a user's name: `admin`, `admin@carbon.super`, `PRIMARY/admin`, `CORP/mary`. */
import { defaultTenant } from '../../core/tenant.ts';

/** The user store that is in the database, and is meant when none is named. */
export const primary = 'PRIMARY';

export interface UserName {
  /** In capitals; null = none is named. */
  readonly store: string | null;
  /** Without store and tenant. */
  readonly name: string;
  readonly tenant: string;
}

/**
 * Null when another tenant is named. What stands behind the last `@` is a tenant, so that a name can not be taken for one
 * of another tenant.
 */
export function readUserName(text: string): UserName | null {
  const slash = text.indexOf('/');
  const rest = text.slice(slash + 1);
  const at = rest.lastIndexOf('@');
  if (at >= 0 && rest.slice(at + 1) !== defaultTenant) return null;
  const name = at >= 0 ? rest.slice(0, at) : rest;
  const store = slash >= 0 ? text.slice(0, slash).toUpperCase() : null;
  return name === '' ? null : { store, name, tenant: defaultTenant };
}

/** As `User.name` says it: with the store, where that is not the primary one. Null as `readUserName`. */
export function shortUserName(text: string): string | null {
  const read = readUserName(text);
  if (!read) return null;
  return isPrimary(read) ? read.name : `${read.store}/${read.name}`;
}

export const isPrimary = ({ store }: UserName): boolean => store === null || store === primary;
