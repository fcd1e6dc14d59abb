/** Whose names, addresses and scopes are whose: no API gets what another one has, whoever publishes it. */
import type { Queryable } from '../../../adapters/stores/store.ts';
import type { CatalogApi } from '../../../core/catalog-api.ts';
import { RestError } from '../../../platform/rest-error.ts';

export const alreadyThere = ({ name, version }: CatalogApi): RestError =>
  new RestError(409, `There is an API ${name} ${version} already.`);

/**
 * A context belongs to one name and a name to one context, in all versions: addresses and subscribers stay together. What
 * the API itself has in the store doesn't count.
 * @throws RestError 409
 */
export async function refuseSame(db: Queryable, api: CatalogApi, tenant: string): Promise<void> {
  const { id, name, version, context } = api;
  const rows = await db
    .selectFrom('apis')
    .select(['name', 'version', 'context'])
    .where('tenant', '=', tenant)
    .where('id', '!=', id)
    .where((e) => e.or([e('name', '=', name), e('context', '=', context)]))
    .execute();
  if (rows.some((row) => row.name === name && row.version === version)) throw alreadyThere(api);
  const foreign = rows.find((row) => row.name !== name);
  if (foreign)
    throw new RestError(409, `The context ${context} is that of the API ${foreign.name}; expected another one.`);
  const other = rows.find((row) => row.context !== context);
  if (other) {
    throw new RestError(409, `There is an API ${name} at ${other.context}; expected that context, or another name.`);
  }
}

/**
 * Gateways take the longest address that fits, so that an API below another's address would get its requests. Refused is
 * an API below a version of one with another name, or around one; and for a default version, which answers at the context
 * itself, an API of another provider anywhere below it.
 * @throws RestError 409
 */
export async function refuseOverlap(db: Queryable, api: CatalogApi, tenant: string): Promise<void> {
  const { name, version, context, provider } = api;
  const around = await db
    .selectFrom('apis')
    .select(['name', 'version', 'context', 'provider', 'body'])
    .where('tenant', '=', tenant)
    .where('name', '!=', name)
    .where('context', 'in', contextsAround(context))
    .execute();
  for (const { body, ...other } of around) {
    const { isDefaultVersion, servesDefault = false } = JSON.parse(body) as CatalogApi;
    const isBelowVersion = `${context}/`.startsWith(`${other.context}/${other.version}/`);
    const takesOfDefault = (isDefaultVersion || servesDefault) && other.provider !== provider;
    if (isBelowVersion || takesOfDefault) throw inTheWay(api, other);
  }
  const below = await db
    .selectFrom('apis')
    .select(['name', 'version', 'context', 'provider'])
    .where('tenant', '=', tenant)
    .where('name', '!=', name)
    .where((e) => e(e.fn('substr', ['context', e.val(1), e.val(context.length + 1)]), '=', `${context}/`))
    .execute();
  for (const other of below) {
    const isBelowVersion = `${other.context}/`.startsWith(`${context}/${version}/`);
    const takesOfDefault = api.isDefaultVersion && other.provider !== provider;
    if (isBelowVersion || takesOfDefault) throw inTheWay(api, other);
  }
}

/**
 * An import says name, version and context, and may say others than there are.
 * @throws RestError 409 when the API is at an address, or becomes a default version, that is in the way of another API
 */
export async function refuseMove(db: Queryable, before: CatalogApi, after: CatalogApi, tenant: string): Promise<void> {
  const isMoved = (['name', 'version', 'context'] as const).some((field) => after[field] !== before[field]);
  if (isMoved) await refuseSame(db, after, tenant);
  if (isMoved || (after.isDefaultVersion && !before.isDefaultVersion)) await refuseOverlap(db, after, tenant);
}

/** `/a` and `/a/b` for `/a/b/c`. */
function contextsAround(context: string): string[] {
  const segments = context.split('/').slice(1);
  // With one that no API has, because `in` needs some.
  return segments.map((_, at) => (at === 0 ? '' : `/${segments.slice(0, at).join('/')}`));
}

function inTheWay(api: CatalogApi, other: { name: string; version: string; context: string }): RestError {
  const there = `${other.name} ${other.version} (${other.context})`;
  const what = api.isDefaultVersion ? 'another one, or no default version' : 'another one';
  return new RestError(409, `The context ${api.context} is in the way of the API ${there}; expected ${what}.`);
}

/**
 * A token has scopes by name alone, whatever API they are of, so a scope that is not shared is of one API's versions.
 * @throws RestError 409
 */
export async function refuseForeignScopes(db: Queryable, api: CatalogApi, tenant: string): Promise<void> {
  const names = api.scopes.filter(({ shared }) => !shared).map(({ name }) => name);
  if (names.length === 0) return;
  const taken = await db
    .selectFrom('api_scopes')
    .innerJoin('apis', 'apis.id', 'api_scopes.api_id')
    .select(['api_scopes.name as scope', 'apis.name as api'])
    .where('apis.tenant', '=', tenant)
    .where('apis.name', '!=', api.name)
    .where('api_scopes.name', 'in', names)
    .orderBy('api_scopes.name')
    .executeTakeFirst();
  if (!taken) return;
  throw new RestError(
    409,
    `scopes: "${taken.scope}" is a scope of the API ${taken.api}; expected another name, or a shared scope.`,
  );
}
