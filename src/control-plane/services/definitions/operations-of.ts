/** What a definition says of an API's operations and scopes. */
import { maxScopes, tooMany } from '../../../adapters/openapi/limits.ts';
import type { OpenApiDocument, OpenApiOperation } from '../../../adapters/openapi/openapi-document.ts';
import { verbs } from '../../../core/api.ts';
import type { CatalogOperation, CatalogScope } from '../../../core/catalog-api.ts';
import { unlimited } from '../../../core/policy.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { asObject } from './json.ts';

/**
 * An operation asks for the scopes of every OAuth2 scheme that it names (any one of them is enough), and for those of
 * `x-scope`. `x-auth-type` holds for it, or for all where the document has it. `x-throttling-tier` is its tier, or where
 * the document has it that of the API as a whole; null = it says none. The toolkit's `x-wso2-disable-security` and
 * `x-wso2-throttling-tier` say the same, and count as they do there.
 *
 * @param known scopes that the API has already: a definition that doesn't say who may have a scope changes nothing of it
 * @throws RestError 400 when there are no operations, or some that can't be served
 */
export function operationsOf(
  document: OpenApiDocument,
  known: readonly CatalogScope[] = [],
): { operations: CatalogOperation[]; scopes: CatalogScope[]; tier: string | null } {
  const served: readonly string[] = verbs;
  const wrong = document.operations.find(({ verb }) => !served.includes(verb));
  if (wrong) {
    throw new RestError(400, `${wrong.pointer}: ${wrong.verb} can't be served; expected one of ${served.join(', ')}.`);
  }
  if (document.operations.length === 0) {
    throw new RestError(400, 'The definition has no operations; expected at least one below `paths`.');
  }
  const oauth2 = new Set(document.securitySchemes.filter(({ type }) => type === 'oauth2').map(({ name }) => name));
  const operations = document.operations.map((operation) => operationFrom(operation, document.raw, oauth2));
  const scopes = scopesOf(document, known);
  refuseMany(new Set([...scopes.map(({ name }) => name), ...operations.flatMap((operation) => operation.scopes)]).size);
  const { 'x-wso2-throttling-tier': toolkits, 'x-throttling-tier': tier } = document.raw;
  return { operations, scopes, tier: textOf(toolkits) ?? textOf(tier) ?? null };
}

/** @param oauth2 names of the schemes of this kind */
function operationFrom(
  { path, verb, raw, security }: OpenApiOperation,
  api: OpenApiDocument['raw'],
  oauth2: ReadonlySet<string>,
): CatalogOperation {
  const asked = (security ?? []).flatMap((alternative) =>
    Object.entries(alternative).flatMap(([name, scopes]) => (oauth2.has(name) ? scopes : [])),
  );
  const said = textOf(raw['x-scope']) ?? '';
  const scopes = [...asked, ...said.split(',')].map((scope) => scope.trim()).filter((scope) => scope !== '');
  return {
    target: path,
    verb,
    authType: authTypeFrom(raw, api),
    throttlingPolicy: textOf(raw['x-throttling-tier']) ?? textOf(raw['x-wso2-throttling-tier']) ?? unlimited,
    scopes: [...new Set(scopes)],
  };
}

/** Who says more precisely is stronger, and what says that a token is needed stronger than an API without security. */
function authTypeFrom(raw: OpenApiOperation['raw'], api: OpenApiDocument['raw']): string {
  const disabled = raw['x-wso2-disable-security'];
  if (disabled === true) return 'None';
  const said = textOf(raw['x-auth-type']);
  const saysSecurity = ['security', 'x-scope', 'x-wso2-application-security'].some((name) => isSaid(raw[name]));
  if (disabled === undefined && said === undefined && api['x-wso2-disable-security'] === true) {
    return saysSecurity ? 'Any' : 'None';
  }
  const authType = authTypeOf(said ?? textOf(api['x-auth-type']) ?? 'Any');
  if (said === undefined && saysSecurity && authType === 'None') return 'Any';
  return disabled === false && authType === 'None' ? 'Any' : authType;
}

function isSaid(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0);
}

function refuseMany(scopes: number): void {
  if (scopes > maxScopes) throw new RestError(400, `The definition: ${tooMany(scopes, 'scopes', maxScopes)}.`);
}

/** The kinds of token of the original, which has two ways to say that any will do. */
export function authTypeOf(text: string): string {
  const found = ['None', 'Application', 'Application User'].find((one) => one.toLowerCase() === text.toLowerCase());
  return found ?? 'Any';
}

function scopesOf({ securitySchemes, raw }: OpenApiDocument, known: readonly CatalogScope[]): CatalogScope[] {
  const found = new Map<string, CatalogScope>();
  for (const { name, description, roles } of securitySchemes.flatMap((scheme) => scheme.scopes)) {
    found.set(name, { name, displayName: name, description, roles, shared: false });
  }
  for (const legacy of legacyScopes(raw)) if (!found.has(legacy.name)) found.set(legacy.name, legacy);
  const byName = new Map(known.map((scope) => [scope.name, scope]));
  return [...found.values()].map((scope) => {
    const before = byName.get(scope.name);
    if (!before) return scope;
    return {
      ...before,
      description: scope.description || before.description,
      roles: scope.roles.length > 0 ? scope.roles : before.roles,
    };
  });
}

/** `x-wso2-security`: where definitions of the original's older releases have them. */
function legacyScopes(raw: OpenApiDocument['raw']): CatalogScope[] {
  const list = asObject(asObject(raw['x-wso2-security']).apim)['x-wso2-scopes'];
  if (!Array.isArray(list)) return [];
  return list.map(asObject).flatMap(({ key, name, description, roles }) => {
    const scope = textOf(key) ?? textOf(name);
    if (scope === undefined) return [];
    const bound = (textOf(roles) ?? '').split(',').map((role) => role.trim());
    return {
      name: scope,
      displayName: textOf(name) ?? scope,
      description: textOf(description) ?? '',
      roles: bound.filter((role) => role !== ''),
      shared: false,
    };
  });
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
