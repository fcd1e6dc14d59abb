/** An identity provider from what an administrator says of it. */
import {
  clientSecretPurpose,
  defaultRoleAttribute,
  defaultRoleClaim,
  type IdentityProvider,
  type OpenIdClient,
  type SamlSettings,
  samlDefaults,
} from '../../../core/identity-provider.ts';
import { isSafeAddress } from '../../../core/safe-address.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { Seal } from '../../../platform/seal.ts';
import { text } from '../form-text.ts';
import type { IdentityProviderForm, OpenIdForm } from './form.ts';
import { readCertificates } from './read-certificates.ts';
import { readMetadata } from './read-metadata.ts';

/** Fields that mean nothing in OpenID Connect. */
const ofSamlOnly = ['saml2', 'alias', 'ssoUrl', 'serviceProviderEntityId', 'allowSha1'] as const;

/** Claims that are ours to make. */
const reserved: ReadonlySet<string> = new Set(['sub', 'iss', 'aud', 'exp', 'iat', 'nbf', 'jti', 'scope', 'client_id']);

/**
 * @param before the one that it replaces
 * @throws RestError 400
 */
export async function readForm(
  given: IdentityProviderForm,
  of: Pick<IdentityProvider, 'id' | 'tenant'>,
  seal: Seal,
  before: IdentityProvider | null = null,
): Promise<IdentityProvider> {
  const found = given.metadata === undefined ? null : await readMetadata(given.metadata);
  const protocol = given.protocol ?? 'saml2';
  const isOpenId = protocol === 'oidc';
  if (!isOpenId && given.oidc) throw new RestError(400, 'body/oidc: only with the protocol oidc.');
  const others = isOpenId ? ofSamlOnly.find((field) => given[field]) : undefined;
  if (others) throw new RestError(400, `body/${others}: only with the protocol saml2.`);
  const entityId = text('entityId', given.entityId ?? found?.entityId, { most: 1024 });
  const provider: IdentityProvider = {
    id: of.id,
    tenant: of.tenant,
    name: text('name', given.name, { most: 100 }),
    description: given.description ?? '',
    enabled: given.enabled ?? true,
    protocol,
    logIn: given.logIn ?? false,
    entityId: isOpenId ? issuer(entityId) : entityId,
    certificates: isOpenId
      ? noCertificates(given, found)
      : readCertificates(given.certificates ?? found?.certificates ?? []),
    alias: text('alias', given.alias ?? '', { least: 0, most: 1024 }),
    ssoUrl: url('ssoUrl', given.ssoUrl ?? found?.ssoUrl ?? ''),
    serviceProviderEntityId: text('serviceProviderEntityId', given.serviceProviderEntityId ?? '', {
      least: 0,
      most: 1024,
    }),
    roleAttribute: text('roleAttribute', given.roleAttribute ?? (isOpenId ? defaultRoleClaim : defaultRoleAttribute), {
      most: 1024,
    }),
    roles: given.roles ?? {},
    claims: given.claims ?? (isOpenId ? standardClaims : {}),
    // Users of many providers choose their names themselves: where they log in, that one of them is somebody here has to be said.
    localAccounts: given.localAccounts ?? !(isOpenId || given.logIn),
    allowSha1: given.allowSha1 ?? false,
    ...(!isOpenId && { saml2: readSaml({ signRequests: found?.wantsSignedRequests ?? false, ...given.saml2 }) }),
    ...(isOpenId && { oidc: readOpenId(given.oidc ?? {}, { id: of.id, entityId }, seal, before) }),
  };
  if (provider.logIn && !isOpenId && provider.ssoUrl === '') {
    throw new RestError(
      400,
      'body/ssoUrl: expected where browsers are sent by HTTP-Redirect, for users to log in there.',
    );
  }
  // A slash ends it in the names of its users.
  if (provider.name.includes('/')) throw new RestError(400, 'body/name: expected no slash.');
  for (const role of Object.values(provider.roles).flat()) text('roles', role, { most: 100 });
  for (const claim of Object.values(provider.claims)) {
    if (/^[A-Za-z0-9_.:/-]{1,100}$/.test(claim) && !reserved.has(claim)) continue;
    throw new RestError(400, `body/claims: a claim can't be called ${JSON.stringify(claim)}.`);
  }
  return provider;
}

/** What is kept of user info of a provider of OpenID Connect, unless an administrator says otherwise. */
const standardClaims = Object.fromEntries(
  ['name', 'given_name', 'family_name', 'email'].map((claim) => [claim, claim] as const),
);

function noCertificates(given: IdentityProviderForm, metadata: unknown): readonly string[] {
  if ((given.certificates ?? []).length === 0 && !metadata) return [];
  throw new RestError(
    400,
    'body: a provider with the protocol oidc publishes its keys; expected no certificates and no SAML metadata.',
  );
}

/** OpenID Connect Discovery 1.0 section 2. */
function issuer(value: string): string {
  const { username = '', password = '' } = URL.parse(value) ?? {};
  if (isSafeAddress(value) && !/[?#]/.test(value) && username + password === '') return value;
  throw new RestError(400, 'body/entityId: expected the issuer, an https address without query and fragment.');
}

function readSaml(given: Partial<SamlSettings>): SamlSettings {
  const { nameIdFormat, nameAttribute, signRequests } = { ...samlDefaults, ...given };
  if (!/^(?:urn:[!-~]{1,200})?$/.test(nameIdFormat)) {
    throw new RestError(
      400,
      'body/saml2/nameIdFormat: expected a name like urn:oasis:names:tc:SAML:2.0:nameid-format:persistent.',
    );
  }
  return {
    nameIdFormat,
    nameAttribute: text('saml2/nameAttribute', nameAttribute, { least: 0, most: 1024 }),
    signRequests,
  };
}

function readOpenId(
  given: OpenIdForm,
  { id, entityId }: Pick<IdentityProvider, 'id' | 'entityId'>,
  seal: Seal,
  before: IdentityProvider | null,
): OpenIdClient {
  const scopes = given.scopes ?? ['openid', 'profile', 'email'];
  if (!scopes.includes('openid') || !scopes.every((scope) => /^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/.test(scope))) {
    throw new RestError(400, 'body/oidc/scopes: expected names of scopes, openid among them.');
  }
  const { clientSecret } = given;
  // It is shown to whomever the issuer says.
  if (clientSecret === undefined && before?.oidc?.clientSecret && before.entityId !== entityId) {
    throw new RestError(
      400,
      'body/oidc/clientSecret: expected that of the new issuer; the old one is not shown to it.',
    );
  }
  return {
    clientId: text('oidc/clientId', given.clientId, { most: 1024 }),
    clientSecret:
      clientSecret === undefined
        ? (before?.oidc?.clientSecret ?? '')
        : clientSecret && seal.seal(text('oidc/clientSecret', clientSecret, { most: 1024 }), clientSecretPurpose, id),
    scopes: [...new Set(scopes)],
    nameClaim: text('oidc/nameClaim', given.nameClaim ?? 'sub', { most: 100 }),
    userInfo: given.userInfo ?? true,
  };
}

function url(field: string, value: string): string {
  const isUrl = URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
  if (value === '' || isUrl) return text(field, value, { least: 0, most: 2000 });
  throw new RestError(400, `body/${field}: expected an address like https://idp.example.org/samlsso.`);
}
