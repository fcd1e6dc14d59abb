/** What the roles of a user store elsewhere are called here. */

const everyone = 'Internal/everyone';

export interface RoleMap {
  /** `theirs=ours`. */
  readonly roleMapping: readonly string[];
  /** What every user of it has. */
  readonly roles: readonly string[];
}

/** Who names groups elsewhere must not thereby give roles of ours: what nobody has mapped has the store's name before it. */
export function roleMapper(domain: string, { roleMapping, roles }: RoleMap): (theirs: readonly string[]) => string[] {
  const ours = new Map<string, string[]>();
  for (const one of roleMapping) {
    const at = one.lastIndexOf('=');
    const theirs = one.slice(0, at).trim();
    ours.set(theirs, [...(ours.get(theirs) ?? []), one.slice(at + 1).trim()]);
  }
  return (theirs) => {
    const mapped = theirs.flatMap((role) => ours.get(role) ?? [`${domain}/${role}`]);
    return [...new Set([...mapped, ...roles, everyone])].toSorted();
  };
}
