/** Exports: an API or an application as an archive. */
import { archiveAnswer } from '../../rest/archive-answer.ts';
import type { Operation, Operations } from '../../rest/operation.ts';
import { exportApi } from '../../services/import-export/export-api.ts';
import { exportApplication } from '../../services/import-export/export-application.ts';

const api: Operation = async (call, deps) => {
  const names = { name: call.query('name'), version: call.query('version'), provider: call.query('providerName') };
  const exported = await exportApi(deps, call.caller, names, {
    format: call.query('format') === 'JSON' ? 'json' : 'yaml',
    preserveStatus: call.query<boolean>('preserveStatus') ?? true,
  });
  return archiveAnswer(exported);
};

const application: Operation = async (call, deps) => {
  const exported = await exportApplication(deps, call.caller, {
    name: call.query('appName') as string,
    owner: call.query('appOwner') as string,
    withKeys: call.query<boolean>('withKeys') ?? false,
  });
  return archiveAnswer(exported);
};

export const exports: Operations = { 'GET /export/api': api, 'GET /export/applications': application };
