/** Exports an API as an archive of its project. */
import { apisNamed, findApi } from '../../../adapters/stores/apis.ts';
import { recordAudit } from '../../../adapters/stores/audit-log.ts';
import type { CatalogApi } from '../../../core/catalog-api.ts';
import { fullUserName } from '../../../core/tenant.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { writeZip } from '../../../platform/zip.ts';
import type { ControlPlaneDeps } from '../../deps.ts';
import type { Caller } from '../../rest/caller.ts';
import { documentReader, mayPublish } from '../apis/api-access.ts';
import type { ProjectFormat } from './api-project.ts';
import { loadProject } from './load-project.ts';
import { projectFiles } from './project-files.ts';

/** Which API: by its id, or by name and version, and by provider where that is said. */
export interface ApiNames {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly provider?: string | undefined;
}

export interface ExportOptions {
  readonly format: ProjectFormat;
  readonly preserveStatus: boolean;
}

/** @throws RestError 404 when there is no such API for the caller, 400 when it is not said which */
export async function exportApi(
  deps: ControlPlaneDeps,
  caller: Caller,
  names: ApiNames,
  options: ExportOptions,
): Promise<{ readonly fileName: string; readonly archive: Uint8Array }> {
  const api = await namedApi(deps, caller, names);
  const project = await deps.store.transaction(async (tx) => {
    // Who takes a copy of what is not public is written down as well.
    await recordAudit(tx, {
      actor: caller.fullName,
      action: 'export',
      kind: 'api',
      id: api.id,
      name: `${api.name} ${api.version}`,
      at: deps.clock.now(),
    });
    return loadProject(tx.db, api, caller.tenant, [], documentReader(caller));
  });
  const root = `${api.name}-${api.version}`;
  const files = projectFiles(project, options);
  const archive = writeZip(new Map([...files].map(([path, content]) => [`${root}/${path}`, content])));
  return { fileName: `${root}.zip`, archive };
}

async function namedApi(
  { store }: ControlPlaneDeps,
  caller: Caller,
  { id, name, version, provider }: ApiNames,
): Promise<CatalogApi> {
  if (id === undefined && (name === undefined || version === undefined)) {
    throw new RestError(400, 'Expected name and version of the API, or its id.');
  }
  const found =
    id === undefined
      ? (await apisNamed(store.db, caller.tenant, name as string)).find((api) => api.version === version)
      : await findApi(store.db, id);
  const isProviders = provider === undefined || found?.provider === fullUserName(provider, caller.tenant);
  if (found && isProviders && mayPublish(found, caller)) return found;
  const what = id === undefined ? `${name} ${version}${provider === undefined ? '' : ` of ${provider}`}` : id;
  throw new RestError(404, `There is no API ${what}.`);
}
