/** What a client says of itself when it registers (RFC 7591 section 2): each value is checked; what is not known is left out. */
import { createPublicKey } from 'node:crypto';
import { isIP } from 'node:net';
import { isRedirectUri, redirectUriForm } from '../../adapters/key-managers/callback-url.ts';
import { readKeys } from '../../adapters/key-managers/jwks.ts';
import { hasHiddenCharacters, hiddenCharacters } from '../../core/hidden-characters.ts';
import { hasPrivatePart } from '../../core/token.ts';
import type { KeyManager } from '../call.ts';
import { clientAuthentications } from '../client-auth/index.ts';
import { connectionAuthentications } from '../client-auth/mutual-tls.ts';
import type { ClientMetadata } from '../clients/client-metadata.ts';
import { OAuthError } from '../oauth-error.ts';

export interface RegisteredMetadata extends ClientMetadata {
  readonly grant_types: readonly string[];
}

type Body = Readonly<Record<string, unknown>>;

/** Of values in a list, and characters of one. */
const most = 50;
const longest = 2000;

/** @throws OAuthError invalid_client_metadata, invalid_redirect_uri, unapproved_software_statement */
export function readMetadata(km: KeyManager, body: Body): RegisteredMetadata {
  if (body.software_statement !== undefined) {
    throw new OAuthError('unapproved_software_statement', 'software_statement: none is taken');
  }
  // Who registers a key for it would be sent what others can read.
  const encryption = encryptionNames.find((name) => (body[name] ?? '') !== '');
  if (encryption !== undefined) wrong(encryption, 'to be left out: nothing is encrypted for clients');
  const method = readMethod(km, body);
  const grantTypes = readGrantTypes(km, body);
  const metadata: RegisteredMetadata = {
    grant_types: grantTypes,
    ...present({
      token_endpoint_auth_method: method,
      redirect_uris: uris(body, 'redirect_uris'),
      post_logout_redirect_uris: uris(body, 'post_logout_redirect_uris'),
      backchannel_logout_uri: webAddress(body, 'backchannel_logout_uri'),
      client_name: readName(body),
      client_uri: webAddress(body, 'client_uri'),
      logo_uri: webAddress(body, 'logo_uri'),
      tos_uri: webAddress(body, 'tos_uri'),
      policy_uri: webAddress(body, 'policy_uri'),
      contacts: texts(body, 'contacts'),
      id_token_signed_response_alg: text(body, 'id_token_signed_response_alg'),
      introspection_signed_response_alg: text(body, 'introspection_signed_response_alg'),
      software_id: text(body, 'software_id'),
      software_version: text(body, 'software_version'),
      jwks: readJwks(body),
      jwks_uri: readJwksUri(body),
      require_pushed_authorization_requests: flag(body, 'require_pushed_authorization_requests'),
      dpop_bound_access_tokens: flag(body, 'dpop_bound_access_tokens'),
      tls_client_certificate_bound_access_tokens: flag(body, 'tls_client_certificate_bound_access_tokens'),
      ...Object.fromEntries(certificateNames.map((name) => [name, text(body, name)])),
    }),
  };
  checkTogether(km, metadata);
  return metadata;
}

/** OpenID Connect Registration section 2, RFC 9701 section 6. */
const encryptionNames = ['id_token', 'userinfo', 'introspection'].flatMap((name) => [
  `${name}_encrypted_response_alg`,
  `${name}_encrypted_response_enc`,
]);

const certificateNames = [
  'tls_client_auth_subject_dn',
  'tls_client_auth_san_dns',
  'tls_client_auth_san_uri',
  'tls_client_auth_san_ip',
  'tls_client_auth_san_email',
] as const;

function checkTogether(km: KeyManager, metadata: RegisteredMetadata): void {
  const { grant_types, token_endpoint_auth_method: method, redirect_uris = [], jwks, jwks_uri } = metadata;
  if (grant_types.includes('authorization_code') && redirect_uris.length === 0) {
    throw new OAuthError('invalid_redirect_uri', 'redirect_uris: expected at least one, for authorization_code');
  }
  if (method === 'none' && grant_types.includes('client_credentials')) {
    wrong('grant_types', 'no client_credentials, which a client with token_endpoint_auth_method none can not have');
  }
  if (jwks && jwks_uri) wrong('jwks', 'either jwks or jwks_uri');
  const needsKeys = method === 'private_key_jwt' || method === 'self_signed_tls_client_auth';
  if (needsKeys && !jwks && !jwks_uri) wrong('jwks', `jwks or jwks_uri, for ${method}`);
  const named = certificateNames.filter((name) => metadata[name] !== undefined);
  if (named.length !== (method === 'tls_client_auth' ? 1 : 0)) {
    wrong(
      'tls_client_auth_subject_dn',
      `exactly one of ${certificateNames.join(', ')} with tls_client_auth, else none`,
    );
  }
  const served = [km.options.signingAlgorithm, ...km.options.otherAlgorithms];
  for (const name of ['id_token_signed_response_alg', 'introspection_signed_response_alg'] as const) {
    const algorithm = metadata[name];
    if (algorithm !== undefined && !served.includes(algorithm)) wrong(name, `one of ${served.join(', ')}`);
  }
}

/** undefined = it names none: then its secret will do, in the header or in the body. */
function readMethod(km: KeyManager, body: Body): string | undefined {
  const method = text(body, 'token_endpoint_auth_method');
  if (method === undefined) return undefined;
  const served = [...clientAuthentications, ...connectionAuthentications.filter((one) => one.isServed(km))];
  const methods = served.map((one) => one.method);
  return methods.includes(method) ? method : wrong('token_endpoint_auth_method', `one of ${methods.join(', ')}`);
}

function readGrantTypes({ grants }: KeyManager, body: Body): readonly string[] {
  const asked = texts(body, 'grant_types') ?? ['authorization_code'];
  if (!asked.every((name) => grants.has(name))) wrong('grant_types', `some of ${[...grants.keys()].join(', ')}`);
  const usesCode = asked.includes('authorization_code');
  const responses = texts(body, 'response_types') ?? (usesCode ? ['code'] : []);
  // They go together (section 2.1).
  if (responses.some((name) => name !== 'code') || responses.includes('code') !== usesCode) {
    wrong(
      'response_types',
      usesCode ? '["code"], which authorization_code has' : '[], or the grant authorization_code',
    );
  }
  return [...new Set(asked)];
}

function readName(body: Body): string | undefined {
  const name = text(body, 'client_name');
  if (name !== undefined && (name.length > 100 || hasHiddenCharacters(name))) {
    wrong('client_name', `1 to 100 characters, no ${hiddenCharacters}`);
  }
  return name;
}

function uris(body: Body, field: string): readonly string[] | undefined {
  const all = texts(body, field);
  if (all?.every(isRedirectUri) === false)
    throw new OAuthError('invalid_redirect_uri', `${field}: expected ${redirectUriForm}`);
  return all;
}

function webAddress(body: Body, field: string): string | undefined {
  const url = text(body, field);
  return url === undefined || /^https?:$/.test(URL.parse(url)?.protocol ?? '')
    ? url
    : wrong(field, 'an address with http or https');
}

/** Between here and an address without TLS anybody could put other keys in; on this machine there is nobody. */
function readJwksUri(body: Body): string | undefined {
  const text = webAddress(body, 'jwks_uri');
  const url = URL.parse(text ?? '');
  if (!url || url.protocol === 'https:') return text;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isHere = host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
  return isHere ? text : wrong('jwks_uri', 'an address with https');
}

function readJwks({ jwks }: Body): ClientMetadata['jwks'] {
  if (jwks === undefined || jwks === null) return undefined;
  const all = (jwks as { keys?: unknown }).keys;
  if (!Array.isArray(all) || all.length === 0 || all.length > most) wrong('jwks', `an object with 1 to ${most} keys`);
  if (!(all as unknown[]).every((jwk) => !hasPrivatePart(Object(jwk)) && isKey(jwk)))
    wrong('jwks', 'public keys of RSA, EC or OKP only');
  // Nothing else of them is kept.
  const keys = readKeys(JSON.stringify(jwks), 'jwks');
  return { keys: keys.map(({ kid, ...jwk }) => (kid === '' ? jwk : { ...jwk, kid })) as never };
}

function isKey(jwk: unknown): boolean {
  try {
    return ['rsa', 'ec', 'ed25519'].includes(
      createPublicKey({ key: jwk as never, format: 'jwk' }).asymmetricKeyType ?? '',
    );
  } catch {
    return false;
  }
}

function text(body: Body, field: string): string | undefined {
  const value = body[field];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string' || value.length > longest) wrong(field, `text of at most ${longest} characters`);
  return value as string;
}

function texts(body: Body, field: string): readonly string[] | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  const isList = Array.isArray(value) && value.length <= most;
  if (!isList || !value.every((one) => typeof one === 'string' && one.length <= longest)) {
    wrong(field, `a list of at most ${most} texts`);
  }
  return value as string[];
}

function flag(body: Body, field: string): boolean | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  return typeof value === 'boolean' ? value : wrong(field, 'true or false');
}

const present = (values: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

function wrong(field: string, expected: string): never {
  throw new OAuthError('invalid_client_metadata', `${field}: expected ${expected}`);
}
