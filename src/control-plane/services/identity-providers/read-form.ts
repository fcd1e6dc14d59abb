/** An identity provider from what an administrator says of it. */
import { hasHiddenCharacters, hiddenCharacters } from '../../../core/hidden-characters.ts';
import { defaultRoleAttribute, type IdentityProvider } from '../../../core/identity-provider.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { IdentityProviderForm } from './form.ts';
import { readCertificates } from './read-certificates.ts';
import { readMetadata } from './read-metadata.ts';

/** Claims that are ours to make. */
const reserved: ReadonlySet<string> = new Set(['sub', 'iss', 'aud', 'exp', 'iat', 'nbf', 'jti', 'scope', 'client_id']);

/** @throws RestError 400 */
export async function readForm(
  given: IdentityProviderForm,
  of: Pick<IdentityProvider, 'id' | 'tenant'>,
): Promise<IdentityProvider> {
  const found = given.metadata === undefined ? null : await readMetadata(given.metadata);
  const provider: IdentityProvider = {
    id: of.id,
    tenant: of.tenant,
    name: text('name', given.name, { most: 100 }),
    description: given.description ?? '',
    enabled: given.enabled ?? true,
    entityId: text('entityId', given.entityId ?? found?.entityId, { most: 1024 }),
    certificates: readCertificates(given.certificates ?? found?.certificates ?? []),
    alias: text('alias', given.alias ?? '', { least: 0, most: 1024 }),
    ssoUrl: url('ssoUrl', given.ssoUrl ?? found?.ssoUrl ?? ''),
    serviceProviderEntityId: text('serviceProviderEntityId', given.serviceProviderEntityId ?? '', {
      least: 0,
      most: 1024,
    }),
    roleAttribute: text('roleAttribute', given.roleAttribute ?? defaultRoleAttribute, { most: 1024 }),
    roles: given.roles ?? {},
    claims: given.claims ?? {},
    localAccounts: given.localAccounts ?? true,
    allowSha1: given.allowSha1 ?? false,
  };
  // A slash ends it in the names of its users.
  if (provider.name.includes('/')) throw new RestError(400, 'body/name: expected no slash.');
  for (const role of Object.values(provider.roles).flat()) text('roles', role, { most: 100 });
  for (const claim of Object.values(provider.claims)) {
    if (/^[A-Za-z0-9_.:/-]{1,100}$/.test(claim) && !reserved.has(claim)) continue;
    throw new RestError(400, `body/claims: a claim can't be called ${JSON.stringify(claim)}.`);
  }
  return provider;
}

function text(field: string, value = '', { least = 1, most }: { least?: number; most: number }): string {
  if (value.trim() !== value || value.length < least || value.length > most || hasHiddenCharacters(value)) {
    const length = least === 0 ? `at most ${most}` : `${least} to ${most}`;
    throw new RestError(
      400,
      `body/${field}: expected ${length} characters, no space around them and no ${hiddenCharacters}.`,
    );
  }
  return value;
}

function url(field: string, value: string): string {
  const isUrl = URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
  if (value === '' || isUrl) return text(field, value, { least: 0, most: 2000 });
  throw new RestError(400, `body/${field}: expected an address like https://idp.example.org/samlsso.`);
}
