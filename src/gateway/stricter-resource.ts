/**
 * Which of two resources stands that mean the same calls. Control planes and the toolkit refuse such APIs; of one that came
 * by another way, or from an earlier release, an open resource must not take the place of one that asks for a token.
 */
import { type Api, type Resource, tokenSecurity } from '../core/api.ts';

/** @returns `one` where neither is stricter */
export function stricterResource(one: Resource, other: Resource, api: Pick<Api, 'security'>): Resource {
  const [ranks, others] = [ranksOf(one, api), ranksOf(other, api)];
  const at = ranks.findIndex((rank, i) => rank !== others[i]);
  return at < 0 || (ranks[at] as number) > (others[at] as number) ? one : other;
}

/** The first that differs decides; the greater one is the stricter. */
function ranksOf({ authType, scopes, security }: Resource, api: Pick<Api, 'security'>): readonly number[] {
  const { schemes, mutualTls, schemesOptional } = security ?? api.security ?? tokenSecurity;
  return [
    authType === 'None' ? 0 : 1,
    mutualTls === 'mandatory' ? 1 : 0,
    // A certificate is enough, or is one more way.
    mutualTls && (mutualTls === 'optional' || schemes.length === 0 || schemesOptional) ? 0 : 1,
    scopes.length > 0 ? 1 : 0,
    authType === 'Any' ? 0 : 1,
    // Of several any one is enough.
    -schemes.length,
    -scopes.length,
  ];
}
