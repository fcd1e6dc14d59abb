/** New versions of an API. */

import { RestError } from '../../../platform/rest-error.ts';
import { created, type Operations } from '../../rest/operation.ts';
import { requireNamedApi } from '../../services/apis/api-access.ts';
import { copyApi } from '../../services/apis/copy-api.ts';
import { toForm } from './api-form.ts';
import { besideApis } from './beside-apis.ts';

export const versions: Operations = {
  'POST /apis/copy-api': async (call, deps) => {
    const source = await requireNamedApi(deps.store.db, call.caller, call.query('apiId') ?? '');
    if (source.status === 'RETIRED') throw new RestError(409, 'The API is retired; no new versions are made of it.');
    const version = call.query('newVersion') ?? '';
    const isDefaultVersion = call.query<boolean>('defaultVersion') === true;
    const api = await copyApi(deps, call.caller, source, { version, isDefaultVersion });
    const beside = await besideApis(deps.store.db, [api.id]);
    return created(toForm(api, beside(api.id)), `${call.base}/apis/${api.id}`);
  },
};
