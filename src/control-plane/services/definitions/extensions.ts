/**
 * What the toolkit's extensions of a definition say (`x-wso2-…`): taken over where an API of the control plane has the same.
 * What would keep callers out, or send them elsewhere, and can't be kept is refused: an API must not be more open than its
 * author wrote.
 */
import type { OpenApiDocument } from '../../../adapters/openapi/openapi-document.ts';
import type { CatalogApi } from '../../../core/catalog-api.ts';
import { whenStaleOf } from '../../../core/deployed-api.ts';
import type { ErrorItem } from '../../../platform/rest-error.ts';
import { pointer } from '../../../platform/yaml-source.ts';
import type { API } from '../../rest/definitions/publisher.ts';
import { asObject, type Json } from './json.ts';

const security = 'x-wso2-application-security';
const stale = 'x-postern-when-stale';
const schemeNames = ['oauth2', 'basic_auth', 'api_key'];

/** Of these one that is misspelt, or below `paths` where it means nothing, would be missed. */
const closing = [
  security,
  'x-wso2-disable-security',
  'x-wso2-mutual-ssl',
  'x-wso2-request-interceptor',
  'x-wso2-throttling-tier',
  'x-wso2-transports',
];
const closingBySpelling = new Map(closing.map((name) => [spelling(name), name]));
/** An operation of the control plane has no back end, schemes or code of its own. */
const ofOperations = [
  'x-wso2-production-endpoints',
  'x-wso2-sandbox-endpoints',
  'x-wso2-mutual-ssl',
  'x-wso2-transports',
];

/** Fields of an API that the definition says. */
export function settingsOf({ raw }: OpenApiDocument): Partial<API> {
  const types = typesOf(raw);
  const certificate = raw['x-wso2-mutual-ssl'] === 'mandatory' ? ['mutualssl', 'mutualssl_mandatory'] : [];
  const schemes = types ?? (certificate.length > 0 ? ['oauth2'] : null);
  const header = raw['x-wso2-auth-header'];
  const cors = corsOf(raw['x-wso2-cors']);
  const whenStale = raw[stale];
  return {
    ...(schemes && { securityScheme: [...schemes, 'oauth_basic_auth_api_key_mandatory', ...certificate] }),
    ...(isTexts(raw['x-wso2-transports']) && { transport: [...raw['x-wso2-transports']] }),
    ...(typeof header === 'string' && { authorizationHeader: header }),
    ...(cors && { corsConfiguration: cors }),
    ...(typeof whenStale === 'string' && { additionalProperties: { whenStale } }),
  };
}

/** What the definition asks for and the API doesn't do. */
export function extensionProblems(
  { raw, operations }: OpenApiDocument,
  api: Pick<CatalogApi, 'securityScheme' | 'transports' | 'more'>,
): ErrorItem[] {
  const problems: ErrorItem[] = [];
  const complain = (place: string, message: string): void => {
    problems.push({ code: place, message: `${place}: ${message}` });
  };
  checkOwner(raw, '', complain);
  checkSchemes(raw, '', api, complain);
  const certificate = raw['x-wso2-mutual-ssl'];
  const isMandatory = api.securityScheme.includes('mutualssl') && api.securityScheme.includes('mutualssl_mandatory');
  if (certificate === 'mandatory' ? !isMandatory : certificate !== undefined && certificate !== 'optional') {
    complain(
      '/x-wso2-mutual-ssl',
      `expected mandatory or optional; and mutualssl and mutualssl_mandatory in the API's securityScheme where it is mandatory`,
    );
  }
  const { 'x-wso2-transports': transports, 'x-wso2-auth-header': header, 'x-wso2-cors': cors } = raw;
  if (transports !== undefined) {
    const isKnown = isTexts(transports) && transports.every((name) => name === 'http' || name === 'https');
    if (!isKnown) complain('/x-wso2-transports', 'expected a list of http, https or both');
    else if (!api.transports.every((name) => transports.includes(name))) {
      complain('/x-wso2-transports', `the API's transport is ${api.transports.join(', ')}; expected the same`);
    }
  }
  if (header !== undefined && !(typeof header === 'string' && /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(header))) {
    complain('/x-wso2-auth-header', 'expected the name of a header field');
  }
  for (const [name, value] of Object.entries(corsOf(cors) ?? {})) {
    const isGood = lists.includes(name) ? isTexts(value) : typeof value === 'boolean';
    const expected = lists.includes(name) ? 'expected a list of texts' : 'expected true or false';
    if (!isGood) complain(`/x-wso2-cors${pointer(name)}`, expected);
  }
  if (raw[stale] !== undefined && raw[stale] !== whenStaleOf(api).whenStale) {
    complain(pointer(stale), "expected open or closed, and the same in the API's additionalProperties.whenStale");
  }
  for (const [path, item] of Object.entries(asObject(raw.paths))) {
    const place = pointer('paths', path);
    for (const name of Object.keys(asObject(item))) {
      const meant = closingBySpelling.get(spelling(name));
      if (meant)
        complain(`${place}${pointer(name)}`, `expected '${meant}' at the operations, as it means nothing here`);
    }
  }
  for (const { raw: operation, pointer: place } of operations) {
    checkOwner(operation, place, complain);
    checkSchemes(operation, place, api, complain);
    for (const name of ofOperations) {
      if (operation[name] === undefined) continue;
      complain(
        `${place}${pointer(name)}`,
        'an operation has none of its own; expected it at the API, or an API of its own',
      );
    }
  }
  return problems;
}

type Complain = (place: string, message: string) => void;

/** What is the same for an API and an operation. */
function checkOwner(owner: OpenApiDocument['raw'], at: string, complain: Complain): void {
  for (const name of Object.keys(owner)) {
    const meant = closingBySpelling.get(spelling(name));
    if (meant && meant !== name)
      complain(`${at}${pointer(name)}`, `it has no effect; expected '${meant}', or to leave it out`);
  }
  if (owner['x-wso2-request-interceptor'] !== undefined) {
    const message = 'interceptors are not called, and one of requests may refuse callers; expected to leave it out';
    complain(`${at}/x-wso2-request-interceptor`, message);
  }
  const { 'x-wso2-disable-security': disabled, 'x-wso2-throttling-tier': tier } = owner;
  if (disabled !== undefined && typeof disabled !== 'boolean') {
    complain(`${at}/x-wso2-disable-security`, 'expected true or false, without quotes');
  }
  if (tier !== undefined && (typeof tier !== 'string' || tier.trim() === '')) {
    complain(`${at}/x-wso2-throttling-tier`, 'expected the name of a throttling policy');
  }
}

/** That the API accepts nothing that the definition doesn't. */
function checkSchemes(
  owner: OpenApiDocument['raw'],
  at: string,
  { securityScheme }: Pick<CatalogApi, 'securityScheme'>,
  complain: Complain,
): void {
  if (owner[security] === undefined) return;
  const place = `${at}${pointer(security)}`;
  const types = typesOf(owner);
  if (!types) return complain(place, `expected 'security-types', a list of ${schemeNames.join(', ')}`);
  if (asObject(owner[security]).optional === true) {
    return complain(place, "security is not optional in a control plane; expected to leave out 'optional'");
  }
  const others = schemeNames.filter((name) => securityScheme.includes(name) && !types.includes(name));
  if (others.length > 0) {
    complain(place, `the API's securityScheme accepts ${others.join(', ')} besides; expected the same of both`);
  }
}

function typesOf(owner: OpenApiDocument['raw']): readonly string[] | null {
  const types = asObject(owner[security])['security-types'];
  return isTexts(types) && types.length > 0 && types.every((name) => schemeNames.includes(name)) ? types : null;
}

const lists = ['accessControlAllowOrigins', 'accessControlAllowHeaders', 'accessControlAllowMethods'];

function corsOf(given: unknown): Json | null {
  if (given === undefined) return null;
  const known = Object.entries(asObject(given)).filter(
    ([name]) => lists.includes(name) || name === 'accessControlAllowCredentials' || name === 'corsConfigurationEnabled',
  );
  return { corsConfigurationEnabled: true, ...Object.fromEntries(known) };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** The same for names that differ in capitals, hyphens, underscores or a plural, or in the prefix of the first releases. */
function spelling(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, '').replace(/^xmgw/, 'xwso2').replace(/s$/, '');
}
