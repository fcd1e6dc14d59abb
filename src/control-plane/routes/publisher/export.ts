/** An API as an archive. */
import { archiveAnswer } from '../../rest/archive-answer.ts';
import type { Operations } from '../../rest/operation.ts';
import { exportApi } from '../../services/import-export/export-api.ts';

export const apiExport: Operations = {
  /** Named by its id, or by name, version and provider. */
  'GET /apis/export': async (call, deps) => {
    const [id, provider] = [call.query('apiId'), call.query('providerName')];
    const names = { id, name: call.query('name'), version: call.query('version'), provider };
    const exported = await exportApi(deps, call.caller, names, {
      format: call.query('format') === 'JSON' ? 'json' : 'yaml',
      preserveStatus: call.query<boolean>('preserveStatus') ?? true,
    });
    return archiveAnswer(exported);
  },
};
