/** What a provider publishes of itself (OpenID Connect Discovery 1.0 section 3). */
import type { DocumentKind } from '../../../adapters/outbound/kept-documents.ts';
import { isSafeAddress } from '../../../core/safe-address.ts';
import { jsonObject } from './json-object.ts';

export interface OpenIdProvider {
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly jwksUri: string;
  readonly userinfoEndpoint: string | null;
  /** How it takes the secret of a client: in a header, or else in the form. */
  readonly takesBasic: boolean;
  /** It says in each answer who it is (RFC 9207 section 3). */
  readonly saysIssuer: boolean;
}

export const metadataUrl = (issuer: string): string => `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;

export const openIdMetadata: DocumentKind<OpenIdProvider> = { accept: 'application/json', read };

function read(text: string): OpenIdProvider {
  const given = jsonObject(text);
  if (!given) throw new Error('expected a JSON object');
  const address = (name: string): string => {
    const value = given[name];
    if (typeof value === 'string' && isSafeAddress(value)) return value;
    throw new Error(`${name}: expected an https address`);
  };
  const methods = given.token_endpoint_auth_methods_supported;
  const { issuer } = given;
  if (typeof issuer !== 'string') throw new Error('issuer: expected a text');
  return {
    issuer,
    authorizationEndpoint: address('authorization_endpoint'),
    tokenEndpoint: address('token_endpoint'),
    jwksUri: address('jwks_uri'),
    userinfoEndpoint: given.userinfo_endpoint === undefined ? null : address('userinfo_endpoint'),
    // The default of RFC 8414 section 2.
    takesBasic: !Array.isArray(methods) || methods.includes('client_secret_basic'),
    saysIssuer: given.authorization_response_iss_parameter_supported === true,
  };
}
