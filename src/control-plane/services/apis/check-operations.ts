/** Whether operations and scopes can be an API's: what a form says, and what a definition says, before and when it is imported. */
import { findPolicies } from '../../../adapters/stores/policies.ts';
import { findSharedScopes, toCatalogScope } from '../../../adapters/stores/shared-scopes.ts';
import type { Queryable } from '../../../adapters/stores/store.ts';
import type { CatalogApi, CatalogScope } from '../../../core/catalog-api.ts';
import type { ErrorItem } from '../../../platform/rest-error.ts';
import { mostErrors } from '../../rest/bounds.ts';
import { operationProblems } from './api-form-problems.ts';
import { unknownRoles } from './known-names.ts';

type Given = Pick<CatalogApi, 'operations' | 'scopes'>;

/** @returns the scopes, the shared ones as they are defined, and everything that is wrong */
export async function checkOperations(
  db: Queryable,
  given: Given,
  tenant: string,
): Promise<{ scopes: readonly CatalogScope[]; problems: readonly ErrorItem[] }> {
  const { operations } = given;
  const scopes = await withSharedScopes(db, given, tenant);
  const problems = operationProblems({ operations, scopes });
  const tiers = await missingPolicies(
    db,
    'resource',
    operations.map(({ throttlingPolicy }) => throttlingPolicy),
  );
  if (tiers.length > 0) problems.push(unknown('operations', 'throttling policy', tiers));
  const roles = await unknownRoles(
    db,
    tenant,
    scopes.flatMap((scope) => scope.roles),
  );
  if (roles.length > 0) problems.push(unknown('scopes', 'role', roles));
  return { scopes, problems };
}

export function unknown(field: string, what: string, names: readonly string[]): ErrorItem {
  const shown = names.slice(0, mostErrors).map((name) => `"${name}"`);
  const more = names.length > shown.length ? ` and ${names.length - shown.length} more` : '';
  return { code: field, message: `${field}: there is no ${what} ${shown.join(', ')}${more}` };
}

export async function missingPolicies(
  db: Queryable,
  level: 'subscription' | 'resource',
  names: readonly string[],
): Promise<string[]> {
  const wanted = [...new Set(names)].filter((name) => name !== '');
  const found = new Set((await findPolicies(db, level, wanted)).map(({ name }) => name));
  return wanted.filter((name) => !found.has(name));
}

/** What a shared scope is, is said where it is shared. An operation that names one brings it into the API. */
async function withSharedScopes(db: Queryable, given: Given, tenant: string): Promise<CatalogScope[]> {
  const own = new Map(given.scopes.map((scope) => [scope.name, scope]));
  const named = new Set([...own.keys(), ...given.operations.flatMap(({ scopes }) => scopes)]);
  const shared = (await findSharedScopes(db, tenant, [...named])).map(toCatalogScope);
  const byName = new Map(shared.map((scope) => [scope.name, scope]));
  const scopes: CatalogScope[] = given.scopes.map((scope) => byName.get(scope.name) ?? { ...scope, shared: false });
  for (const scope of shared) if (!own.has(scope.name)) scopes.push(scope);
  return scopes;
}
