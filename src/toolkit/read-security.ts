/**
 * Who may call an operation. In this order, the first that says anything: the operation's `x-wso2-application-security`,
 * its `security`, the API's extension, the API's `security`; else an access token. A client certificate that is mandatory
 * by `security` stays so whatever the extensions say. What the gateway can't enforce as it is written is an error: an API
 * must never be more open than its author wrote.
 */
import type { OpenApiDocument, OpenApiOperation } from '../adapters/openapi/openapi-document.ts';
import type { ProblemList } from '../adapters/openapi/problem-list.ts';
import { type ApiKeyPlace, type AuthType, type SchemeName, type Security, tokenSecurity } from '../core/api.ts';
import { pointer } from '../platform/yaml-source.ts';
import { Fields, type Raw } from './fields.ts';
import { type Requirements, readRequirements } from './read-requirements.ts';

const extension = 'x-wso2-application-security';
const schemeNames = ['oauth2', 'basic_auth', 'api_key'] as const;

/** What is said of the API as a whole. */
export interface ApiSecurity {
  /** By `x-wso2-application-security`. */
  readonly extension: ApplicationSecurity | null;
  /** By `security`; null = nothing is said. */
  readonly requirements: Requirements | null;
  readonly mutualTls: 'mandatory' | 'optional' | null;
  readonly isDisabled: boolean;
  readonly keyPlaces: readonly ApiKeyPlace[];
}

interface ApplicationSecurity {
  readonly schemes: readonly SchemeName[];
  /** Nothing but the client certificate is needed. */
  readonly isOptional: boolean;
}

export interface OperationSecurity {
  readonly authType: AuthType;
  readonly security: Security;
  readonly scopes: readonly string[];
}

export function readApiSecurity(document: OpenApiDocument, problems: ProblemList): ApiSecurity {
  const { raw, securitySchemes } = document;
  const mutualTls = readMutualTls(raw, problems);
  const given = raw.security as OpenApiOperation['security'] | undefined;
  const keyPlaces: ApiKeyPlace[] = [];
  for (const { type, in: where, parameter } of securitySchemes) {
    const isUsable = type === 'apiKey' && parameter !== undefined && where !== undefined && where !== 'cookie';
    if (isUsable) keyPlaces.push({ in: where, name: parameter });
  }
  return {
    extension: readExtension(raw, '', mutualTls, problems),
    requirements: readRequirements(given ?? null, '/security', securitySchemes, problems),
    mutualTls,
    isDisabled: readDisabled(raw, '', problems) ?? false,
    keyPlaces,
  };
}

export function readOperationSecurity(
  operation: OpenApiOperation,
  api: ApiSecurity,
  document: OpenApiDocument,
  problems: ProblemList,
): OperationSecurity {
  const { raw, pointer: place } = operation;
  const own = raw.security === undefined || raw.security === null ? null : operation.security;
  const requirements = readRequirements(own, `${place}/security`, document.securitySchemes, problems);
  const application = readExtension(raw, place, api.mutualTls, problems);
  const scope = readScope(raw, place, problems);
  const saysSecurity = requirements !== null || application !== null || scope !== null;
  const authType = readAuthType(raw, place, saysSecurity, api, problems);

  const said = requirements ?? api.requirements;
  const scopes = scope ? [scope] : (said?.scopes ?? []);

  if (authType === 'None') {
    if (scopes.length > 0) {
      const message = `the scopes ${scopes.join(', ')} have no effect: security is switched off here`;
      problems.warn(place, message, 'leave out the scopes, or what switches security off');
    }
    if (api.mutualTls !== 'mandatory' && said?.mutualTls !== 'mandatory') {
      return { authType, security: tokenSecurity, scopes: [] };
    }
    if (api.mutualTls !== 'mandatory') {
      const message = "security is switched off here but for the client certificate that 'security' asks for";
      problems.warn(place, message, "leave it out of 'security', or leave out what switches security off");
    }
    return { authType: 'Any', security: { schemes: [], mutualTls: 'mandatory' }, scopes: [] };
  }
  const chosen = application ?? requirements ?? api.extension ?? api.requirements;
  return { authType, security: securityOf(chosen, said, api), scopes };
}

function securityOf(
  chosen: ApplicationSecurity | Requirements | null,
  said: Requirements | null,
  api: ApiSecurity,
): Security {
  // One that is an alternative only counts where the alternatives do.
  const mutualTls =
    api.mutualTls ?? (said?.mutualTls === 'mandatory' || said === chosen ? (said?.mutualTls ?? null) : null);
  const isOptional = chosen !== null && 'isOptional' in chosen && chosen.isOptional;
  const schemes = isOptional ? [] : (chosen?.schemes ?? tokenSecurity.schemes);
  // By its own requirements an operation says which keys; the extension only that there are some.
  const places = chosen && 'keyPlaces' in chosen ? chosen.keyPlaces : (said?.keyPlaces ?? []);
  const apiKeys = places.length > 0 ? places : api.keyPlaces;
  return {
    schemes,
    ...(schemes.includes('api_key') && apiKeys.length > 0 && { apiKeys }),
    ...(mutualTls && { mutualTls }),
  };
}

/** `x-wso2-mutual-ssl`. Where it is `optional`, a certificate may be shown, and nothing depends on it. */
function readMutualTls(raw: Raw, problems: ProblemList): 'mandatory' | null {
  const value = raw['x-wso2-mutual-ssl'];
  const place = pointer('x-wso2-mutual-ssl');
  if (value === undefined) return null;
  const word = typeof value === 'string' ? value.toLowerCase() : '';
  if (word === 'mandatory') return 'mandatory';
  if (word === 'optional') {
    const remedy = "nothing to do, or make it an alternative of its own in 'security'";
    problems.warn(place, 'a client certificate that is optional makes no difference', remedy);
  } else problems.error(place, "'x-wso2-mutual-ssl' is no word that is known", "write 'mandatory' or 'optional'");
  return null;
}

function readExtension(
  raw: Raw,
  at: string,
  mutualTls: ApiSecurity['mutualTls'],
  problems: ProblemList,
): ApplicationSecurity | null {
  if (raw[extension] === undefined) return null;
  const fields = Fields.of(raw[extension], `${at}${pointer(extension)}`, `'${extension}'`, problems);
  if (!fields) return null;
  const types = fields.strings('security-types');
  const isOptional = fields.boolean('optional') ?? false;
  fields.rest('warning');
  if (isOptional && mutualTls !== 'mandatory') {
    const remedy = "add 'x-wso2-mutual-ssl: mandatory' to the API, or leave out 'optional'";
    problems.error(
      fields.at('optional'),
      'security can only be optional where a client certificate is mandatory',
      remedy,
    );
  }
  const schemes = new Set<SchemeName>();
  for (const [i, type] of (types ?? []).entries()) {
    const scheme = schemeNames.find((name) => name === type);
    if (scheme) schemes.add(scheme);
    else {
      const place = `${fields.at('security-types')}/${i}`;
      problems.error(place, `there is no security type '${type}'`, `write one of: ${schemeNames.join(', ')}`);
    }
  }
  if (schemes.size === 0 && !isOptional) {
    if (types?.length === 0 || !fields.has('security-types')) {
      problems.error(
        fields.place,
        'no security type is named',
        `name one in 'security-types': ${schemeNames.join(', ')}`,
      );
    }
    return null;
  }
  return { schemes: [...schemes], isOptional };
}

/** `x-wso2-disable-security`; undefined = nothing is said. */
function readDisabled(raw: Raw, at: string, problems: ProblemList): boolean | undefined {
  const value = raw['x-wso2-disable-security'];
  if (value === undefined || typeof value === 'boolean') return value;
  const place = `${at}${pointer('x-wso2-disable-security')}`;
  problems.error(place, "'x-wso2-disable-security' is neither true nor false", 'write true or false, without quotes');
  return undefined;
}

/** `x-auth-type` is what API Manager writes into definitions. What it names is heeded, what is not known asks for a token. */
function readAuthType(
  raw: Raw,
  place: string,
  saysSecurity: boolean,
  api: ApiSecurity,
  problems: ProblemList,
): AuthType {
  const disabled = readDisabled(raw, place, problems);
  const given = raw['x-auth-type'];
  const at = `${place}${pointer('x-auth-type')}`;
  const known = ['None', 'Any', 'Application', 'Application User', 'Application & Application User'];
  if (given !== undefined && !known.some((name) => name === given)) {
    problems.warn(at, "'x-auth-type' is not known; a token is asked for", `write one of: ${known.join(', ')}`);
  }
  if (disabled === true) return 'None';
  if (given === 'None') {
    if (disabled === undefined) return 'None';
    const message = "'x-auth-type: None' has no effect: 'x-wso2-disable-security: false' is stronger";
    problems.warn(at, message, 'leave out one of the two');
    return 'Any';
  }
  if (disabled === undefined && api.isDisabled) {
    if (given === undefined && !saysSecurity) return 'None';
    const message = 'security stays on here: the operation says who may call, though the API switches security off';
    const remedy = "write 'x-wso2-disable-security: true' here to let everybody in, or false to keep it as it is";
    problems.warn(place, message, remedy);
  }
  return given === 'Application' || given === 'Application User' ? given : 'Any';
}

/** `x-scope`: one scope, in place of those of `security`. */
function readScope(raw: Raw, place: string, problems: ProblemList): string | null {
  const value = raw['x-scope'];
  if (value === undefined || value === '') return null;
  if (typeof value === 'string' && !/\s/.test(value)) return value;
  problems.error(`${place}${pointer('x-scope')}`, "'x-scope' is no scope", 'write the name of one scope');
  return null;
}
