/** Roles here for those that a provider names: what is not mapped gives nothing. */
import type { IdentityProvider } from '../../core/identity-provider.ts';

export function ourRoles({ roles }: IdentityProvider, theirs: readonly string[]): readonly string[] {
  const ours = theirs
    .map((name) => name.trim())
    .flatMap((name) => (Object.hasOwn(roles, name) ? (roles[name] ?? []) : []));
  return [...new Set(ours)].sort();
}
