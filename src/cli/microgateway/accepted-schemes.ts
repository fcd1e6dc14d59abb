/** How callers of an artifact's APIs may show who they are. */
import { type SchemeName, tokenSecurity } from '../../core/api.ts';
import type { EntityChange } from '../../core/snapshot.ts';

/** The schemes that at least one resource accepts. */
export function acceptedSchemes(entities: readonly EntityChange[]): Set<SchemeName> {
  const schemes = new Set<SchemeName>();
  for (const { kind, value } of entities) {
    if (kind !== 'api' || !value) continue;
    for (const { authType, security } of value.resources) {
      if (authType === 'None') continue;
      for (const scheme of (security ?? value.security ?? tokenSecurity).schemes) schemes.add(scheme);
    }
  }
  return schemes;
}
