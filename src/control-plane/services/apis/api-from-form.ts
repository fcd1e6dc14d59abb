/** From the form of the publisher API to an API. */
import type { CatalogApi, CatalogCors, CatalogOperation, CatalogScope } from '../../../core/catalog-api.ts';
import { unlimited } from '../../../core/policy.ts';
import { fullUserName } from '../../../core/tenant.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { Seal } from '../../../platform/seal.ts';
import type { API, APIOperations, APIScope } from '../../rest/definitions/publisher.ts';
import { authTypeOf } from '../definitions/operations-of.ts';
import { endpointCredentials } from '../endpoints/endpoint-credentials.ts';
import { sealPassword } from '../endpoints/endpoint-password.ts';
import { readEndpointConfig } from '../endpoints/endpoint-problems.ts';
import { requireSameBackEnds } from '../endpoints/password-bound.ts';
import { defaultCors, defaults, environment, kept } from './api-defaults.ts';

/** Characters. */
const longestContext = 232;

const everyVerb = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'];

export interface FormContext {
  readonly seal: Seal;
  readonly tenant: string;
  /** Seconds since the epoch. */
  readonly now: number;
}

/**
 * The API that a form says.
 * @param before what is not said of identity, operations and scopes stays as it is there
 * @throws RestError 400 when a field makes no sense, 501 when it asks for what is not built yet
 */
export function fromForm(form: API, before: CatalogApi, { seal, tenant, now }: FormContext): CatalogApi {
  refuseNotBuilt(form);
  if (form.type !== undefined && form.type !== before.type) {
    throw new RestError(400, `type: an API stays of the type it is; expected ${before.type}.`);
  }
  const environments = form.gatewayEnvironments?.filter((name) => name !== environment) ?? [];
  if (environments.length > 0) {
    throw new RestError(400, `gatewayEnvironments: unknown "${environments.join('", "')}"; expected "${environment}".`);
  }
  const scopes = form.scopes?.map(toScope) ?? before.scopes;
  const operations = form.operations?.map(toOperation) ?? before.operations;
  const endpointConfig = readEndpointConfig(form.endpointConfig);
  const more = Object.fromEntries(kept.flatMap((name) => (form[name] === undefined ? [] : [[name, form[name]]])));
  return {
    ...before,
    description: form.description ?? '',
    isDefaultVersion: form.isDefaultVersion ?? false,
    tags: [...new Set(form.tags ?? [])],
    policies: [...new Set(form.policies ?? [])],
    apiThrottlingPolicy: form.apiThrottlingPolicy || null,
    transports: transportsOf(form.transport),
    securityScheme: form.securityScheme ?? ['oauth2', 'oauth_basic_auth_api_key_mandatory'],
    authorizationHeader: form.authorizationHeader || null,
    visibility: form.visibility ?? 'PUBLIC',
    visibleRoles: form.visibleRoles ?? [],
    accessControl: form.accessControl ?? 'NONE',
    accessControlRoles: form.accessControlRoles ?? [],
    operations,
    scopes,
    cors: corsOf(form.corsConfiguration),
    endpointConfig,
    endpointSecurity: securityOf(form, endpointConfig, before, seal),
    categories: form.categories ?? [],
    more: { ...defaults, ...more },
    provider: before.provider || fullUserName(form.provider ?? '', tenant),
    updatedAt: now,
  };
}

/** What a new API begins as. @throws RestError 501 for a type that is not built yet */
export function newApi(form: API, id: string, provider: string, now: number): CatalogApi {
  const verbs = form.type === undefined || form.type === 'HTTP' ? everyVerb : [];
  return {
    id,
    name: form.name,
    version: form.version,
    context: contextOf(form.context),
    provider,
    status: 'CREATED',
    type: 'HTTP',
    description: '',
    isDefaultVersion: false,
    tags: [],
    policies: [],
    apiThrottlingPolicy: null,
    transports: [],
    securityScheme: [],
    authorizationHeader: null,
    visibility: 'PUBLIC',
    visibleRoles: [],
    accessControl: 'NONE',
    accessControlRoles: [],
    operations: verbs.map((verb) => ({ target: '/*', verb, authType: 'Any', throttlingPolicy: unlimited, scopes: [] })),
    scopes: [],
    cors: null,
    endpointConfig: null,
    endpointSecurity: null,
    categories: [],
    more: {},
    createdAt: now,
    updatedAt: now,
  };
}

/** With a slash at its beginning and none at its end; the version, which comes last anyhow, need not be said. */
export function contextOf(text: string): string {
  if (text.length > longestContext) {
    throw new RestError(400, `context: expected at most ${longestContext} characters, got ${text.length}.`);
  }
  return `/${text.replace(/\/\{version\}\/*$/, '').replace(/^\/+|\/+$/g, '')}`;
}

function refuseNotBuilt(form: API): void {
  const refuse = (field: string, what: string): never => {
    throw new RestError(501, `${field}: ${what} not built yet.`);
  };
  if (form.type === 'WS')
    throw new RestError(
      501,
      'type: APIs of the type WS are not built yet; WebSockets go through those of the type HTTP.',
    );
  if (form.type !== undefined && form.type !== 'HTTP') refuse('type', `APIs of the type ${form.type} are`);
  if (form.endpointImplementationType === 'INLINE') refuse('endpointImplementationType', 'mock back ends (INLINE) are');
  if (form.enableSchemaValidation === true) refuse('enableSchemaValidation', 'validation of requests is');
  if (form.mediationPolicies && form.mediationPolicies.length > 0) refuse('mediationPolicies', 'mediation is');
  if (form.monetization?.enabled === true) refuse('monetization', 'monetization is');
  if ((form.threatProtectionPolicies?.list?.length ?? 0) > 0)
    refuse('threatProtectionPolicies', 'threat protection is');
  if (form.endpointSecurity?.type === 'DIGEST') refuse('endpointSecurity', 'the type DIGEST is');
}

function transportsOf(given: readonly string[] | undefined): CatalogApi['transports'] {
  const names = new Set((given ?? []).map((name) => name.toLowerCase()));
  const known = (['http', 'https'] as const).filter((name) => names.has(name));
  if (known.length < names.size) throw new RestError(400, 'transport: expected http, https or both.');
  return known.length === 0 ? ['http', 'https'] : known;
}

function toScope({ scope }: APIScope): CatalogScope {
  const { name, displayName, description, bindings } = scope;
  return {
    name,
    displayName: displayName || name,
    description: description ?? '',
    roles: bindings ?? [],
    shared: false,
  };
}

function toOperation({ target, verb, authType, throttlingPolicy, scopes }: APIOperations): CatalogOperation {
  return {
    target: target ?? '',
    verb: (verb ?? '').toUpperCase(),
    authType: authTypeOf(authType ?? 'Any'),
    throttlingPolicy: throttlingPolicy || unlimited,
    scopes: scopes ?? [],
  };
}

function corsOf(given: API['corsConfiguration']): CatalogCors {
  return { ...defaultCors, ...(given && { corsConfigurationEnabled: false, ...given }) };
}

/** A password that is not said is the one that there is, as it is never shown: for the back ends that there are. */
function securityOf(
  form: API,
  endpointConfig: CatalogApi['endpointConfig'],
  before: CatalogApi,
  seal: Seal,
): CatalogApi['endpointSecurity'] {
  const given = endpointCredentials(form.endpointConfig, endpointConfig) ?? form.endpointSecurity;
  const { type, username, password } = given ?? {};
  if (!username) return null;
  const old = before.endpointSecurity;
  if (!password) {
    if (!old) throw new RestError(400, 'endpointSecurity: the password is missing.');
    requireSameBackEnds(before, endpointConfig, 'endpointSecurity.password');
    return { type: type ?? old.type, username, sealed: old.sealed };
  }
  return { type: type ?? 'BASIC', username, sealed: sealPassword(seal, before.id, password) };
}
