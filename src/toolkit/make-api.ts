/** From an OpenAPI definition with the extensions of the toolkit to an API as gateways know it. */
import { createHash } from 'node:crypto';
import type { OpenApiDocument, OpenApiOperation, Problem } from '../adapters/openapi/openapi-document.ts';
import { ProblemList } from '../adapters/openapi/problem-list.ts';
import { References } from '../adapters/openapi/references.ts';
import {
  type Api,
  type Endpoints,
  type Resource,
  type Security,
  tokenSecurity,
  type Verb,
  verbs,
} from '../core/api.ts';
import { unlimited } from '../core/policy.ts';
import { fullUserName } from '../core/tenant.ts';
import { pointer, type YamlSource } from '../platform/yaml-source.ts';
import { checkExtensions, checkInterceptors, checkResponseCache } from './extensions.ts';
import type { Raw } from './fields.ts';
import { contextOf, readBasePath } from './read-base-path.ts';
import { readCors } from './read-cors.ts';
import {
  type NamedEndpoints,
  ofServers,
  readEndpoints,
  readNamedEndpoints,
  saysEndpoints,
  saysProduction,
} from './read-endpoints.ts';
import { checkScopesTogether } from './read-requirements.ts';
import { type ApiSecurity, readApiSecurity, readOperationSecurity } from './read-security.ts';
import { readTransports } from './read-transports.ts';
import { readWhenStale } from './read-when-stale.ts';

export interface Definition {
  /** Name of the file, as problems name it. */
  readonly file: string;
  readonly document: OpenApiDocument;
  readonly source: YamlSource;
  /** Under which a control plane knows the API; null = it is the toolkit's own. */
  readonly id: string | null;
}

/** An API with the places of what may not be there twice. */
export interface MadeApi {
  readonly api: Api;
  readonly basePath: string;
  readonly definition: Definition;
}

interface Context {
  readonly document: OpenApiDocument;
  readonly problems: ProblemList;
  readonly named: NamedEndpoints;
  readonly security: ApiSecurity;
  /** Whether the API says endpoints, right or wrong. */
  readonly hasEndpoints: boolean;
  readonly tier: string | null;
  readonly interceptors: ReadonlySet<string>;
}

/** @param interceptors names of the functions that the project defines */
export function makeApi(
  definition: Definition,
  interceptors: ReadonlySet<string>,
): { made: MadeApi | null; problems: readonly Problem[] } {
  const { document, source, file } = definition;
  const problems = new ProblemList(file, source);
  const { raw, title, version } = document;
  const hash = apiHash(title, version);
  checkExtensions(raw, '', 'API', problems);
  checkPaths(raw, problems);
  checkInterceptors(raw, '', interceptors, problems);
  checkResponseCache(raw, problems);
  const basePath = readBasePath(document, problems);
  const named = readNamedEndpoints(raw, problems);
  const security = readApiSecurity(document, problems);
  const transports = readTransports(raw, security.mutualTls === 'mandatory', problems);
  const tier = readTier(raw, '', ['x-wso2-throttling-tier', 'x-throttling-tier'], problems);
  const endpoints = apiEndpoints(document, named, hash, problems);
  const hasEndpoints = saysEndpoints(raw) || document.servers.length > 0;
  const context: Context = { document, problems, named, security, hasEndpoints, tier, interceptors };
  const resources = document.operations
    .map((operation) => makeResource(operation, context))
    .filter((made) => made !== null);
  if (resources.length === 0)
    problems.warn('/paths', 'the API has no operation: every call is answered 404', 'add one');
  // The publisher means any one of them, too.
  if (definition.id === null) checkScopesTogether(document, problems);
  const cors = readCors(raw, problems);
  const header = readAuthorizationHeader(raw, problems);
  const whenStale = readWhenStale(raw, problems);
  const provider = fullUserName(readText(raw, 'x-wso2-owner', problems) ?? 'admin');
  if (problems.hasErrors || basePath === null) return { made: null, problems: problems.all };
  const api: Api = {
    id: definition.id ?? hash,
    name: title,
    version,
    provider,
    ...contextOf(basePath, version),
    isDefaultVersion: false,
    status: 'PUBLISHED',
    resources,
    endpoints,
    ...(header && { authorizationHeader: header }),
    ...(transports && { transports }),
    ...(whenStale && { whenStale }),
    ...(tier !== null && tier !== unlimited && { tier }),
    cors,
    scopes: document.securitySchemes.flatMap(({ scopes }) => scopes.map(({ name, roles }) => ({ name, roles }))),
  };
  return { made: { api, basePath, definition }, problems: problems.all };
}

function checkPaths(raw: Raw, problems: ProblemList): void {
  const references = new References(raw, problems);
  checkExtensions(raw.paths as Raw, pointer('paths'), 'path', problems);
  for (const [path, value] of Object.entries(raw.paths as Raw)) {
    if (path.startsWith('x-') || value === null) continue;
    const place = pointer('paths', path);
    const item = references.object(value, place, `the path '${path}'`);
    if (item) checkExtensions(item, place, 'path', problems);
  }
}

/** Stable for a title and version: the id of an API that no control plane knows. Hexadecimal, 32 characters. */
export function apiHash(title: string, version: string): string {
  return createHash('sha256')
    .update(JSON.stringify([title, version]))
    .digest('hex')
    .slice(0, 32);
}

/** Servers are production endpoints, unless the API says others. */
function apiEndpoints(
  document: OpenApiDocument,
  named: NamedEndpoints,
  hash: string,
  problems: ProblemList,
): Endpoints {
  const said = readEndpoints(document.raw, '', named, hash, problems);
  const production = saysProduction(document.raw) ? said.production : (ofServers(document.servers, hash) ?? undefined);
  return { ...(production && { production }), ...(said.sandbox && { sandbox: said.sandbox }) };
}

function makeResource(operation: OpenApiOperation, context: Context): Resource | null {
  const { raw, pointer: place, path } = operation;
  const { problems, document } = context;
  const verb = verbs.find((known): known is Verb => known === operation.verb);
  if (!verb) {
    problems.warn(
      place,
      `${operation.verb} ${path} is left out: the gateway has no such verb`,
      `use: ${verbs.join(', ')}`,
    );
    return null;
  }
  checkExtensions(raw, place, 'operation', problems);
  checkInterceptors(raw, place, context.interceptors, problems);
  const own = readEndpoints(raw, place, context.named, null, problems);
  if (!context.hasEndpoints && !saysEndpoints(raw)) {
    const remedy = "add 'servers' or 'x-wso2-production-endpoints' to the definition, or endpoints to this operation";
    problems.error(place, `${verb} ${path} has no endpoint`, remedy);
  }
  const { authType, security, scopes } = readOperationSecurity(operation, context.security, document, problems);
  return {
    path,
    verb,
    authType,
    scopes,
    tier: resourceTier(operation, context),
    ...(!isTokenSecurity(security) && { security }),
    ...(Object.keys(own).length > 0 && { endpoints: own }),
  };
}

function resourceTier({ raw, pointer: place }: OpenApiOperation, { tier, problems }: Context): string {
  const own = readTier(raw, place, ['x-throttling-tier', 'x-wso2-throttling-tier'], problems);
  if (own === null || own === unlimited) return unlimited;
  if (tier === null || tier === unlimited) return own;
  const key = raw['x-throttling-tier'] === undefined ? 'x-wso2-throttling-tier' : 'x-throttling-tier';
  const message = `the tier '${own}' has no effect: the API's '${tier}' takes its place`;
  problems.warn(`${place}${pointer(key)}`, message, 'leave out one of the two');
  return unlimited;
}

/** @param keys of which the first that is there counts */
function readTier(owner: Raw, place: string, keys: readonly string[], problems: ProblemList): string | null {
  const tiers = keys.map((key) => readText(owner, key, problems, place));
  return tiers.find((tier) => tier !== null) ?? null;
}

/** A text that is not empty; null = nothing is said, or an error. */
function readText(owner: Raw, key: string, problems: ProblemList, place = ''): string | null {
  const value = owner[key];
  if (value === undefined) return null;
  if (typeof value === 'string' && value.trim() !== '') return value.trim();
  problems.error(`${place}${pointer(key)}`, `'${key}' is no name`, 'write a text that is not empty');
  return null;
}

/** Fields that mean something to HTTP itself. */
const reserved = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'upgrade', 'te', 'trailer']);

function readAuthorizationHeader(raw: Raw, problems: ProblemList): string | null {
  const name = readText(raw, 'x-wso2-auth-header', problems);
  if (name === null) return null;
  if (/^[\w!#$%&'*+\-.^`|~]+$/.test(name) && !reserved.has(name.toLowerCase())) return name.toLowerCase();
  problems.error('/x-wso2-auth-header', `credentials can't be in a header field '${name}'`, "write another, 'X-Auth'");
  return null;
}

function isTokenSecurity({ schemes, mutualTls }: Security): boolean {
  return mutualTls === undefined && schemes.join() === tokenSecurity.schemes.join();
}
