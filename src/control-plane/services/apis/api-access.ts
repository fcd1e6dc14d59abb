/** Which APIs a publisher may see and change. Those that he may not are not there for him. */
import type { ApiViewer } from '../../../adapters/stores/api-search.ts';
import { apisNamed, findApi } from '../../../adapters/stores/apis.ts';
import type { DocumentReader } from '../../../adapters/stores/document-words.ts';
import type { Queryable } from '../../../adapters/stores/store.ts';
import type { CatalogApi } from '../../../core/catalog-api.ts';
import { fullUserName } from '../../../core/tenant.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { Caller } from '../../rest/caller.ts';

export function publisherView({ fullName, roles, isAdmin }: Caller): ApiViewer {
  return { purpose: 'edit', user: fullName, roles, isAdmin };
}

/** Absent for administrators, who read also what only its owner does: somebody has to tidy up. */
export function documentReader({ fullName, isAdmin }: Caller): DocumentReader | undefined {
  return isAdmin ? undefined : { user: fullName, isPublisher: true };
}

/** What of a caller decides about APIs. */
export type Publisher = Pick<Caller, 'fullName' | 'tenant' | 'roles' | 'isAdmin'>;

export function mayPublish(api: CatalogApi, { fullName, roles, isAdmin }: Publisher): boolean {
  if (isAdmin || api.accessControl === 'NONE' || api.provider === fullName) return true;
  return api.accessControlRoles.some((role) => roles.includes(role));
}

/** @throws RestError 404 when there is no such API for the caller */
export async function requireApi(db: Queryable, caller: Caller, id: string): Promise<CatalogApi> {
  return visible(await findApi(db, id), caller, id);
}

/**
 * The versions of a name belong together: who adds one has to be one who may change the others.
 * @throws RestError 409
 */
export async function requireVersions(db: Queryable, caller: Publisher, { name }: CatalogApi): Promise<void> {
  const versions = await apisNamed(db, caller.tenant, name);
  if (versions.every((api) => mayPublish(api, caller))) return;
  throw new RestError(409, `The name ${name} is that of an API that you may not change; expected another one.`);
}

/**
 * The same where the API can be named `provider-name-version` besides its id.
 * @throws RestError 404
 */
export async function requireNamedApi(db: Queryable, caller: Caller, id: string): Promise<CatalogApi> {
  return visible((await findApi(db, id)) ?? (await findByNames(db, caller.tenant, id)), caller, id);
}

function visible(api: CatalogApi | null, caller: Caller, id: string): CatalogApi {
  if (!api || !mayPublish(api, caller)) throw new RestError(404, `There is no API ${JSON.stringify(id)}.`);
  return api;
}

/** Each of the three names can have hyphens of its own, so that there can be several ways to read it. */
async function findByNames(db: Queryable, tenant: string, text: string): Promise<CatalogApi | null> {
  const parts = text.split('-');
  // Longer ones are ids that don't exist, or nonsense.
  if (parts.length < 3 || parts.length > 8) return null;
  for (let i = 1; i < parts.length - 1; i++) {
    for (let j = i + 1; j < parts.length; j++) {
      const [provider, name, version] = [parts.slice(0, i), parts.slice(i, j), parts.slice(j)].map((p) => p.join('-'));
      const row = await db
        .selectFrom('apis')
        .select('body')
        .where('tenant', '=', tenant)
        .where('name', '=', name as string)
        .where('version', '=', version as string)
        .where('provider', '=', fullUserName(provider as string, tenant))
        .executeTakeFirst();
      if (row) return JSON.parse(row.body) as CatalogApi;
    }
  }
  return null;
}
