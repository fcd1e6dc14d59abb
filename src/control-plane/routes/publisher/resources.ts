/** The paths of an API, and policies that hang on them. */
import { RestError } from '../../../platform/rest-error.ts';
import { type Operations, ok } from '../../rest/operation.ts';
import { pageOf } from '../../rest/page.ts';
import { requireApi } from '../../services/apis/api-access.ts';

export const resources: Operations = {
  'GET /apis/{apiId}/resource-paths': async (call, { store }) => {
    const { operations } = await requireApi(store.db, call.caller, call.param('apiId'));
    const list = operations.map(({ target, verb }, at) => ({ id: at + 1, resourcePath: target, httpVerb: verb }));
    return ok(pageOf(call, list));
  },

  /** Conversions between SOAP and REST; APIs of the types that there are have none. */
  'GET /apis/{apiId}/resource-policies': async (call, { store }) => {
    await requireApi(store.db, call.caller, call.param('apiId'));
    if (!['in', 'out'].includes(call.query('sequenceType') ?? '')) {
      throw new RestError(400, 'sequenceType: expected in or out.');
    }
    return ok({ count: 0, list: [] });
  },

  /** None can be made yet, and an API with some is refused: so there are none. */
  'GET /mediation-policies': async (call) => ok(pageOf(call, [])),

  'GET /apis/{apiId}/mediation-policies': async (call, { store }) => {
    await requireApi(store.db, call.caller, call.param('apiId'));
    return ok(pageOf(call, []));
  },
};
