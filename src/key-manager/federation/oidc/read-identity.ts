/** Who it is, by the provider's mapping. */
import { hasHiddenCharacters } from '../../../core/hidden-characters.ts';
import type { IdentityProvider, OpenIdClient } from '../../../core/identity-provider.ts';
import { ourRoles } from '../map-roles.ts';
import type { AssertedIdentity } from '../upstream.ts';
import { refuse } from './refuse.ts';

type Claims = Readonly<Record<string, unknown>>;

/** Characters of a name and bytes of a claim at most. */
const longestName = 256;
const longestClaim = 1024;

export function readIdentity(
  provider: IdentityProvider,
  claims: Claims,
): Pick<AssertedIdentity, 'name' | 'roles' | 'claims' | 'methods' | 'authenticatedAt'> {
  const { amr, auth_time: at } = claims;
  return {
    name: nameIn(claims, (provider.oidc as OpenIdClient).nameClaim),
    roles: ourRoles(provider, textsIn(claims, provider.roleAttribute)),
    claims: mapped(claims, provider.claims),
    methods: Array.isArray(amr)
      ? amr.filter((one) => typeof one === 'string' && /^[\w.-]{1,32}$/.test(one)).slice(0, 10)
      : [],
    authenticatedAt: typeof at === 'number' && Number.isSafeInteger(Math.floor(at)) ? Math.floor(at) : null,
  };
}

function nameIn(claims: Claims, claim: string): string {
  const name = claims[claim];
  if (typeof name !== 'string' || name.trim() === '') return refuse(`the provider does not say ${claim}`);
  // One name, not several that are told apart by what nobody sees.
  if (name !== name.trim() || name.length > longestName || hasHiddenCharacters(name)) {
    return refuse(`${claim}: expected at most ${longestName} characters, without space around them or hidden ones`);
  }
  // Anybody can say that an address is his (OpenID Connect Core section 5.7).
  if (claim === 'email' && claims.email_verified !== true)
    return refuse('the provider has not verified the e-mail address');
  return name;
}

/** By its name, or else by the path that it is: `realm_access.roles`. Several may stand in one text, with commas between. */
function textsIn(claims: Claims, path: string): string[] {
  const step = (value: unknown, name: string): unknown =>
    typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Claims)[name] : undefined;
  const value = step(claims, path) ?? path.split('.').reduce(step, claims);
  const texts = typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [];
  return texts.filter((text) => typeof text === 'string');
}

function mapped(claims: Claims, names: IdentityProvider['claims']): Record<string, string> {
  const found = Object.entries(names).flatMap(([theirs, ours]) => {
    const value = Object.hasOwn(claims, theirs) ? claims[theirs] : null;
    const text = Array.isArray(value) ? value.filter((one) => typeof one === 'string').join(' ') : value;
    const isText = ['string', 'number', 'boolean'].includes(typeof text);
    return isText && text !== '' && Buffer.byteLength(String(text)) <= longestClaim
      ? [[ours, String(text)] as const]
      : [];
  });
  return Object.fromEntries(found);
}
