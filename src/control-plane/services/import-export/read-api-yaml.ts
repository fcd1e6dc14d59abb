/** Reads the api.yaml of a project: ours, or one that the original exported. */
import type { CatalogApi, CatalogOperation, CatalogScope, EndpointConfig } from '../../../core/catalog-api.ts';
import { unlimited } from '../../../core/policy.ts';
import { fullUserName } from '../../../core/tenant.ts';
import type { ProjectApi } from './api-project.ts';
import { moreKeys, readMore } from './more-fields.ts';
import type { DocumentReader, Fields } from './reader.ts';

export interface Defined {
  readonly operations: readonly CatalogOperation[];
  readonly scopes: readonly CatalogScope[];
}

const statuses = ['CREATED', 'PROTOTYPED', 'PUBLISHED', 'BLOCKED', 'DEPRECATED', 'RETIRED'] as const;
const types = ['HTTP', 'WS', 'SOAPTOREST', 'SOAP', 'GRAPHQL'] as const;

/** @param defined what the definition says: the API has those operations, and these scopes besides the ones of api.yaml */
export function readApiYaml(doc: DocumentReader, defined: Defined): ProjectApi {
  const yaml = doc.object(doc.value, '');
  doc.checkKeys(yaml, '', known, ignored);
  for (const key of mediation) {
    if (yaml[key]) doc.problem(`/${key}`, `${key}: mediation is not built yet; expected none`);
  }
  const id = doc.object(yaml.id, '/id');
  const name = required(doc, id.apiName, '/id/apiName');
  const version = required(doc, id.version, '/id/version');
  const type = doc.choice(yaml.type, '/type', types, 'HTTP');
  const header = doc.string(yaml.authorizationHeader, '/authorizationHeader');
  return {
    name,
    version,
    // The original writes @ in users of other tenants so.
    provider: fullUserName(doc.string(id.providerName, '/id/providerName', 'admin').replace('-AT-', '@')),
    context: contextOf(doc, yaml, version),
    status:
      yaml.status === undefined || yaml.status === '' ? null : doc.choice(yaml.status, '/status', statuses, 'CREATED'),
    type,
    description: doc.string(yaml.description, '/description'),
    isDefaultVersion: doc.boolean(yaml.isDefaultVersion, '/isDefaultVersion'),
    tags: doc.texts(yaml.tags, '/tags'),
    policies: doc.texts(yaml.availableTiers, '/availableTiers'),
    apiThrottlingPolicy: doc.string(yaml.apiLevelPolicy, '/apiLevelPolicy') || null,
    transports: transportsOf(doc, yaml),
    securityScheme: doc.texts(yaml.apiSecurity ?? 'oauth2', '/apiSecurity'),
    authorizationHeader: header === '' ? null : header,
    visibility: doc.choice(yaml.visibility, '/visibility', ['PUBLIC', 'PRIVATE', 'RESTRICTED'], 'PUBLIC'),
    visibleRoles: doc.texts(yaml.visibleRoles, '/visibleRoles'),
    accessControl:
      doc.choice(yaml.accessControl, '/accessControl', ['all', 'none', 'restricted'], 'all') === 'restricted'
        ? 'RESTRICTED'
        : 'NONE',
    accessControlRoles: doc.texts(yaml.accessControlRoles, '/accessControlRoles'),
    operations: defined.operations.length > 0 ? defined.operations : templatesOf(doc, yaml),
    scopes: scopesOf(doc, yaml, defined),
    cors: corsOf(doc, yaml),
    endpointConfig: endpointsOf(doc, yaml),
    endpointSecurity: securityOf(doc, yaml),
    categories: doc.texts(yaml.apiCategories, '/apiCategories'),
    more: readMore(yaml),
  };
}

function required(doc: DocumentReader, value: unknown, place: string): string {
  const text = doc.string(value, place);
  if (text === '') doc.problem(place, `${place} is missing`);
  return text;
}

/** Without the version. */
function contextOf(doc: DocumentReader, yaml: Fields, version: string): string {
  const template = doc.string(yaml.contextTemplate, '/contextTemplate');
  const context = template || required(doc, yaml.context, '/context');
  const plain = context.replace(/\/\{version\}$/, '');
  if (plain.includes('{')) {
    doc.problem('/contextTemplate', 'the version can stand only at the end of the context');
    return context;
  }
  return template === '' && plain.endsWith(`/${version}`) ? plain.slice(0, -version.length - 1) : plain;
}

function transportsOf(doc: DocumentReader, yaml: Fields): CatalogApi['transports'] {
  const all = ['http', 'https'] as const;
  const names = doc.texts(yaml.transports ?? 'http,https', '/transports');
  for (const name of names) {
    if (!(all as readonly string[]).includes(name))
      doc.problem('/transports', `/transports: expected http, https, not ${name}`);
  }
  return all.filter((name) => names.includes(name));
}

/** What has no paths in a definition (web sockets) has its operations here. */
function templatesOf(doc: DocumentReader, yaml: Fields): CatalogOperation[] {
  return doc.list(yaml.uriTemplates, '/uriTemplates').map((one, at) => {
    const place = `/uriTemplates/${at}`;
    const fields = doc.object(one, place);
    return {
      target: required(doc, fields.uriTemplate, `${place}/uriTemplate`),
      verb: required(doc, fields.httpVerb, `${place}/httpVerb`).toUpperCase(),
      authType: doc.string(fields.authType, `${place}/authType`, 'Any'),
      throttlingPolicy: doc.string(fields.throttlingTier, `${place}/throttlingTier`) || unlimited,
      scopes: scopeNames(doc, fields, place),
    };
  });
}

/** The original writes one scope as an object with its key. */
function scopeNames(doc: DocumentReader, fields: Fields, place: string): string[] {
  const one = fields.scope as { key?: unknown } | null | undefined;
  if (one && typeof one === 'object' && typeof one.key === 'string') return [one.key];
  const list = doc.list(fields.scopes, `${place}/scopes`);
  const names = list.map((scope) => (scope as { key?: unknown } | null)?.key ?? scope);
  return names.filter((name): name is string => typeof name === 'string');
}

function scopesOf(doc: DocumentReader, yaml: Fields, defined: Defined): CatalogScope[] {
  const own = doc.list(yaml.scopes, '/scopes').map((one, at) => {
    const place = `/scopes/${at}`;
    const fields = doc.object(one, place);
    const name = required(doc, fields.key, `${place}/key`);
    return {
      name,
      displayName: doc.string(fields.name, `${place}/name`, name),
      description: doc.string(fields.description, `${place}/description`),
      roles: doc.texts(fields.roles, `${place}/roles`),
      shared: doc.boolean(fields.shared, `${place}/shared`),
    };
  });
  return [...own, ...defined.scopes.filter(({ name }) => !own.some((scope) => scope.name === name))];
}

function corsOf(doc: DocumentReader, yaml: Fields): CatalogApi['cors'] {
  if (yaml.corsConfiguration === undefined || yaml.corsConfiguration === null) return null;
  const place = '/corsConfiguration';
  const cors = doc.object(yaml.corsConfiguration, place);
  const list = (key: string) => doc.texts(cors[key], `${place}/${key}`);
  const flag = (key: string) => doc.boolean(cors[key], `${place}/${key}`);
  return {
    corsConfigurationEnabled: flag('corsConfigurationEnabled'),
    accessControlAllowOrigins: list('accessControlAllowOrigins'),
    accessControlAllowCredentials: flag('accessControlAllowCredentials'),
    accessControlAllowHeaders: list('accessControlAllowHeaders'),
    accessControlAllowMethods: list('accessControlAllowMethods'),
  };
}

/** JSON in a text, as the original has it; an object as well. */
function endpointsOf(doc: DocumentReader, yaml: Fields): EndpointConfig | null {
  const given = yaml.endpointConfig;
  if (typeof given === 'string' && given !== '') {
    try {
      return doc.object(JSON.parse(given), '/endpointConfig') as EndpointConfig;
    } catch {
      doc.problem('/endpointConfig', '/endpointConfig: expected JSON');
      return null;
    }
  }
  if (typeof given === 'object' && given !== null) return given as EndpointConfig;
  const production = doc.string(yaml.productionUrl, '/productionUrl');
  const sandbox = doc.string(yaml.sandboxUrl, '/sandboxUrl');
  if (production === '' && sandbox === '') return null;
  return {
    endpoint_type: 'http',
    ...(production !== '' && { production_endpoints: { url: production } }),
    ...(sandbox !== '' && { sandbox_endpoints: { url: sandbox } }),
  };
}

function securityOf(doc: DocumentReader, yaml: Fields): ProjectApi['endpointSecurity'] {
  if (!doc.boolean(yaml.endpointSecured, '/endpointSecured')) return null;
  return {
    type: doc.boolean(yaml.endpointAuthDigest, '/endpointAuthDigest') ? 'DIGEST' : 'BASIC',
    username: required(doc, yaml.endpointUTUsername, '/endpointUTUsername'),
    password: doc.string(yaml.endpointUTPassword, '/endpointUTPassword') || null,
  };
}

const known: readonly string[] = [
  ...['id', 'description', 'type', 'context', 'contextTemplate', 'tags', 'availableTiers', 'apiLevelPolicy', 'status'],
  ...[
    'isDefaultVersion',
    'visibility',
    'visibleRoles',
    'accessControl',
    'accessControlRoles',
    'transports',
    'apiSecurity',
  ],
  ...['authorizationHeader', 'corsConfiguration', 'endpointConfig', 'productionUrl', 'sandboxUrl', 'endpointSecured'],
  ...['endpointAuthDigest', 'endpointUTUsername', 'endpointUTPassword', 'scopes', 'uriTemplates', 'apiCategories'],
  ...moreKeys,
];

/** Names of sequences. */
const mediation = ['inSequence', 'outSequence', 'faultSequence'];

/** What the original writes of its own inner state, or knows in another way. */
const ignored: ReadonlySet<string> = new Set([
  ...['uuid', 'url', 'wsdlArchivePath', 'wadlUrl', 'rating', 'isLatest', 'lastUpdated', 'createdTime', 'documents'],
  ...['availableSubscriptionLevelPolicies', 'apiHeaderChanged', 'apiResourcePatternsChanged', 'advertiseOnly'],
  ...[
    'isPublishedDefaultVersion',
    'environmentList',
    'monetizationProperties',
    'monetizationStatus',
    'monetizationCategory',
  ],
  ...['technicalOwnerEmail', 'thumbnailUrl', 'httpVerb', ...mediation, 'oldInSequence'],
  ...['oldOutSequence', 'oldFaultSequence', 'redirectURL', 'apiOwner', 'vendor', 'endpointType', 'visibleTenants'],
  ...[
    'subscriptionAvailableTenants',
    'defaultVersion',
    'asDefaultVersion',
    'workflowStatus',
    'destinationStatsEnabled',
  ],
  ...[
    'apiExternalProductionEndpoint',
    'apiExternalSandboxEndpoint',
    'hostUrl',
    'versionTimestamp',
    'deploymentEnvironments',
  ],
  ...['swaggerDefinition', 'graphQLSchema', 'testKey', 'serviceInfo', 'validateSchema', 'tenantDomain', 'organization'],
]);
