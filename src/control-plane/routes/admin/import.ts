/** Imports an API or an application from an archive; and says what that would change, without doing it. */
import { RestError } from '../../../platform/rest-error.ts';
import { type Files, readZip, ZipError } from '../../../platform/zip.ts';
import type { ControlPlaneDeps } from '../../deps.ts';
import type * as dto from '../../rest/definitions/admin.ts';
import { type Operation, type Operations, ok, type RestCall } from '../../rest/operation.ts';
import { importApi } from '../../services/import-export/import-api.ts';
import { importApplication } from '../../services/import-export/import-application.ts';
import type { ApplicationPreview, ImportPreview } from './import-preview.ts';

const api: Operation = async (call, deps) => ok(await bringInApi(call, deps, { dryRun: false }));

const previewApi: Operation = async (call, deps) => ok(await bringInApi(call, deps, { dryRun: true }));

const application: Operation = async (call, deps) => {
  const { application, skipped } = await bringInApplication(call, deps, { dryRun: false });
  if (skipped.length > 0) {
    const list: dto.APIInfoList = { count: skipped.length, list: [...skipped] };
    return { status: 207, body: list };
  }
  const { id, name, owner, status } = application;
  const info: dto.ApplicationInfo = { applicationId: id, name, owner, status, groupId: '' };
  return ok(info);
};

const previewApplication: Operation = async (call, deps) => {
  const { application, outcome, changes, skipped } = await bringInApplication(call, deps, { dryRun: true });
  const preview: ApplicationPreview = {
    name: application.name,
    owner: application.owner,
    outcome,
    changes: [...changes],
    skipped: [...skipped],
  };
  return ok(preview);
};

export const imports: Operations = {
  'POST /import/api': api,
  'POST /import/api/preview': previewApi,
  'POST /import/applications': application,
  'POST /import/applications/preview': previewApplication,
};

async function bringInApi(call: RestCall, deps: ControlPlaneDeps, run: { dryRun: boolean }): Promise<ImportPreview> {
  const result = await importApi(deps, call.caller, filesOf(call), {
    preserveProvider: call.query<boolean>('preserveProvider') ?? true,
    overwrite: call.query<boolean>('overwrite') ?? false,
    ...run,
  });
  return { ...result, changes: [...result.changes], warnings: [...result.warnings] };
}

function bringInApplication(call: RestCall, deps: ControlPlaneDeps, run: { dryRun: boolean }) {
  const flag = (name: string): boolean => call.query<boolean>(name) ?? false;
  return importApplication(deps, call.caller, filesOf(call), {
    preserveOwner: flag('preserveOwner'),
    owner: call.query('appOwner'),
    skipSubscriptions: flag('skipSubscriptions'),
    skipKeys: flag('skipApplicationKeys'),
    update: flag('update'),
    ...run,
  });
}

/** @throws RestError 400 */
function filesOf(call: RestCall): Files {
  const { bytes } = call.form.file('file') ?? { bytes: Buffer.alloc(0) };
  try {
    return readZip(bytes);
  } catch (error) {
    if (!(error instanceof ZipError)) throw error;
    throw new RestError(400, `file: ${error.message}; expected a ZIP archive that an export wrote.`);
  }
}
