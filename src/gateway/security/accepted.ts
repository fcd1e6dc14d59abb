/** Which credentials a resource accepts, and where in a request they are. */
import {
  type Api,
  type ApiKeyPlace,
  type Resource,
  type SchemeName,
  type Security,
  tokenSecurity,
} from '../../core/api.ts';
import type { GatewayOptions } from '../options.ts';

/**
 * What a client certificate is for: `none`: nothing; `alone`: it is all that lets a caller in; `besides`: it is needed,
 * and credentials too; `enough`: it is needed, and credentials only have to be good if there are any; `instead`: it lets
 * a caller in who sends no credentials.
 */
export type CertificateUse = 'none' | 'alone' | 'besides' | 'enough' | 'instead';

export interface Accepted {
  /** Those that this gateway knows; credentials of any one will do. */
  readonly schemes: readonly SchemeName[];
  readonly certificate: CertificateUse;
  /** Field of tokens and Basic credentials, in lower case. */
  readonly header: string;
  /** Where API keys are; fields in lower case. Empty if they aren't accepted. */
  readonly apiKeys: readonly ApiKeyPlace[];
}

const known: readonly SchemeName[] = ['oauth2', 'basic_auth', 'api_key'];

const defaultPlaces: readonly ApiKeyPlace[] = [
  { in: 'header', name: 'apikey' },
  { in: 'query', name: 'apikey' },
];

export function accepted(resource: Resource, api: Api, { authConfig }: Pick<GatewayOptions, 'authConfig'>): Accepted {
  const security = resource.security ?? api.security ?? tokenSecurity;
  const schemes = known.filter((name) => security.schemes.includes(name));
  const places = schemes.includes('api_key') ? (security.apiKeys ?? defaultPlaces) : [];
  return {
    schemes,
    certificate: certificateUse(security, schemes.length > 0),
    header: (api.authorizationHeader ?? authConfig.authorizationHeader).toLowerCase(),
    apiKeys: places.map(inLowerCase),
  };
}

function certificateUse({ mutualTls, schemesOptional }: Security, hasSchemes: boolean): CertificateUse {
  if (!hasSchemes) return 'alone';
  if (mutualTls === 'mandatory') return schemesOptional ? 'enough' : 'besides';
  return mutualTls === 'optional' ? 'instead' : 'none';
}

/**
 * Where API keys may be in a request for any resource of the API, accepted there or not, and where they usually are: all of
 * it is for the gateway. Fields in lower case.
 */
export function anyApiKeys(api: Api): readonly ApiKeyPlace[] {
  const owners = [api, ...api.resources].flatMap(({ security }) => security?.apiKeys ?? []);
  const places = [...defaultPlaces, ...owners].map(inLowerCase);
  return [...new Map(places.map((place) => [`${place.in} ${place.name}`, place])).values()];
}

const inLowerCase = (place: ApiKeyPlace): ApiKeyPlace =>
  place.in === 'header' ? { ...place, name: place.name.toLowerCase() } : place;

/** In words, for a client that sent none of it: `the access token as …, or …`. */
export function describe({ schemes, header, apiKeys, certificate }: Accepted): string {
  const field = header.replace(/(^|-)([a-z])/g, (letter) => letter.toUpperCase());
  const places = apiKeys.map((place) =>
    place.in === 'header' ? `the header field \`${place.name}\`` : `the query parameter \`${place.name}\``,
  );
  const ways: Readonly<Record<SchemeName, string>> = {
    oauth2: `the access token as \`${field}: Bearer <token>\``,
    basic_auth: `user name and password as \`${field}: Basic <credentials>\``,
    api_key: `the API key in ${places.join(' or ')}`,
  };
  const all = schemes.map((scheme) => ways[scheme]);
  if (certificate === 'instead') all.push('a client certificate');
  return all.join(', or ');
}
