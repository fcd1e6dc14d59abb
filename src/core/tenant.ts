/** Tenants. One serves at present; every store row and token carries it all the same. */

export const defaultTenant = 'carbon.super';

/** `admin` -> `admin@carbon.super`; a name that has a tenant keeps it. */
export function fullUserName(name: string, tenant: string = defaultTenant): string {
  return name.includes('@') ? name : `${name}@${tenant}`;
}

/** As people read it: without the tenant where that is the usual one. */
export function shownUserName(fullName: string): string {
  return fullName.endsWith(`@${defaultTenant}`) ? fullName.slice(0, -defaultTenant.length - 1) : fullName;
}
