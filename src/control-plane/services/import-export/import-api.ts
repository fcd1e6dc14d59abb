/** Imports an API from its project: all of it in one transaction, or nothing. */
import { randomUUID } from 'node:crypto';
import { announceApi, apisNamed } from '../../../adapters/stores/apis.ts';
import { findSharedScopes } from '../../../adapters/stores/shared-scopes.ts';
import type { StoreTransaction } from '../../../adapters/stores/store.ts';
import type { CatalogApi } from '../../../core/catalog-api.ts';
import { type LifeCycleAction, transitions } from '../../../core/life-cycle.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { Files } from '../../../platform/zip.ts';
import type { ControlPlaneDeps } from '../../deps.ts';
import type { Caller } from '../../rest/caller.ts';
import { requireApi } from '../apis/api-access.ts';
import { refuseMove } from '../apis/api-addresses.ts';
import { checkApi } from '../apis/check-api.ts';
import { refuseLongLists } from '../apis/long-lists.ts';
import { addSharedScope } from '../apis/shared-scopes.ts';
import { addApi, changeApi } from '../apis/write-api.ts';
import { applyToDefinition } from '../definitions/apply-to-definition.ts';
import { requireKept } from '../definitions/check-definition.ts';
import { generateDefinition } from '../definitions/generate-definition.ts';
import type { Json } from '../definitions/json.ts';
import { changeLifeCycle, targetOf } from '../life-cycle/change-life-cycle.ts';
import type { ApiProject } from './api-project.ts';
import { type Change, definitionChanges, difference, fieldsOf } from './difference.ts';
import { inOneTransaction } from './dry-run.ts';
import { loadProject, projectApi } from './load-project.ts';
import { type ImportOptions, mergeApi, samePassword } from './merge-project.ts';
import { publisherFields } from './publisher-fields.ts';
import { type ReadProject, readProject } from './read-project.ts';
import { writeCertificates, writeDocuments, writeThumbnail } from './write-parts.ts';

export interface ImportResult {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly outcome: 'created' | 'updated' | 'unchanged';
  readonly changes: readonly Change[];
  readonly warnings: readonly string[];
}

/**
 * @param dryRun finds out what would be done and undoes it: the same checks, and nothing stays
 * @throws RestError 400 with everything that is wrong with the project, 409 when the API is there and may not be changed
 */
export async function importApi(
  deps: ControlPlaneDeps,
  caller: Caller,
  files: Files,
  options: ImportOptions & { readonly dryRun: boolean },
): Promise<ImportResult> {
  const { project, document, warnings } = await readProject(files, caller.fullName);
  // Before the transaction: the user store asks by a connection of its own.
  const isProviderKnown = (await deps.users.find(project.api.provider)) !== null;
  const result = await inOneTransaction(deps, options, (tx, joined) =>
    bringIn(tx, joined, caller, { project, document }, { ...options, isProviderKnown }),
  );
  return { ...result, warnings };
}

async function bringIn(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  caller: Caller,
  { project, document }: Omit<ReadProject, 'warnings'>,
  options: ImportOptions & { readonly isProviderKnown: boolean },
): Promise<Omit<ImportResult, 'warnings'>> {
  const { name, version } = project.api;
  const found = (await apisNamed(tx.db, caller.tenant, name)).find((api) => api.version === version);
  if (found && !options.overwrite) {
    throw new RestError(
      409,
      `There is an API ${name} ${version} already; overwrite (--update of the command line) changes it.`,
    );
  }
  const before = found ? await requireApi(tx.db, caller, found.id) : null;
  const given = mergeApi(deps, caller, before, project, { ...options, id: randomUUID() });
  refuseLongLists(given);
  await addSharedScopes(tx, deps, caller, given);
  const after = await checkApi(tx.db, given, caller.tenant);
  // What api.yaml says holds, as the fields of a form do: the definition may not ask for more than that.
  if (document) requireKept(document, after);
  // Before anything is written: a step in the life cycle writes the API, too.
  if (before) await refuseMove(tx.db, before, after, caller.tenant);
  const named = project.endpointCertificates?.map(({ alias }) => alias);
  const there = before && (await loadProject(tx.db, before, caller.tenant, named));
  const definition = project.definition ?? there?.definition ?? generateDefinition(after);
  const shown = there && { ...there, api: { ...there.api, more: publisherFields(there.api, { ...deps, ...caller }) } };
  const changes = compare(deps, { before, there: shown }, { after, project, definition });
  const outcome = before === null ? 'created' : changes.length > 0 ? 'updated' : 'unchanged';
  if (outcome === 'created') await create(tx, deps, caller, after, definition, project);
  else if (outcome === 'updated') await update(tx, deps, caller, after, definition, project);
  return { id: after.id, name, version, outcome, changes: definitionChanges(changes) };
}

function compare(
  deps: ControlPlaneDeps,
  { before, there }: { before: CatalogApi | null; there: ApiProject | null },
  { after, project, definition }: { after: CatalogApi; project: ApiProject; definition: Json },
): Change[] {
  const { documents, thumbnail, clientCertificates, endpointCertificates } = project;
  const named = new Set(endpointCertificates?.map(({ alias }) => alias));
  const wanted: ApiProject = {
    api: projectApi(after),
    definition: applyToDefinition(definition, after),
    documents: documents ?? there?.documents ?? null,
    thumbnail: thumbnail ?? there?.thumbnail ?? null,
    clientCertificates: clientCertificates ?? there?.clientCertificates ?? null,
    // Those of a back end belong to every API that calls it: one that is not named stays.
    endpointCertificates: [
      ...(endpointCertificates ?? []),
      ...(there?.endpointCertificates ?? []).filter(({ alias }) => !named.has(alias)),
    ],
  };
  const changes = difference(there ? fieldsOf(there) : new Map(), fieldsOf(wanted));
  if (samePassword(deps, before, after)) return changes;
  return [...changes, { field: 'endpointSecurity.password', from: '(a secret)', to: '(another secret)' }];
}

async function create(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  caller: Caller,
  api: CatalogApi,
  definition: Json,
  project: ApiProject,
): Promise<void> {
  if (api.status === 'PUBLISHED') targetOf({ ...api, status: 'CREATED' }, 'Publish');
  if (api.status === 'PROTOTYPED') targetOf({ ...api, status: 'CREATED' }, 'Deploy as a Prototype');
  const added = await addApi(deps, caller, api, definition);
  await writeParts(tx, deps, caller, added, project);
  // Now with its certificates.
  await announceApi(tx, added, caller.tenant);
}

async function update(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  caller: Caller,
  api: CatalogApi,
  definition: Json,
  project: ApiProject,
): Promise<void> {
  await changeApi(deps, caller, api.id, async (before) => {
    await writeParts(tx, deps, caller, api, project);
    if (api.status === before.status) return { api, definition };
    const action = actionTo(before, api);
    const asked = { deprecateOlder: false, requireResubscription: true };
    const moved = await changeLifeCycle(tx, deps, caller, { ...api, status: before.status }, action, asked);
    return { api: moved, definition };
  });
}

async function writeParts(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  caller: Caller,
  api: CatalogApi,
  project: ApiProject,
): Promise<void> {
  await writeDocuments(tx, deps, caller, api, project.documents);
  await writeThumbnail(tx, deps, api, project.thumbnail);
  await writeCertificates(tx, deps, caller, api, project);
}

/** @throws RestError 409 when no single step leads there */
function actionTo(before: CatalogApi, { status }: CatalogApi): LifeCycleAction {
  const steps = Object.entries(transitions[before.status]) as [LifeCycleAction, string][];
  const step = steps.find(([, target]) => target === status);
  if (step) return step[0];
  const targets = [...new Set(steps.map(([, target]) => target))].join(', ') || 'none';
  throw new RestError(
    409,
    `The API is ${before.status} and can't become ${status}; possible: ${targets}. A project without status leaves it as it is.`,
  );
}

/** A shared scope that is not here comes with the API that uses it. One that is here stays as it is. */
async function addSharedScopes(
  tx: StoreTransaction,
  deps: ControlPlaneDeps,
  caller: Caller,
  { scopes }: CatalogApi,
): Promise<void> {
  const shared = scopes.filter((scope) => scope.shared);
  const names = shared.map(({ name }) => name);
  const present = new Set((await findSharedScopes(tx.db, caller.tenant, names)).map(({ name }) => name));
  for (const scope of shared) if (!present.has(scope.name)) await addSharedScope(deps, caller, scope);
}
