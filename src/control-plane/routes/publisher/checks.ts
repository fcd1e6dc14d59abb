/** Questions that a publisher asks before he does something: is the name free, does the back end answer? */
import { type ApiCondition, searchApis } from '../../../adapters/stores/api-search.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { ApiEndpointValidationResponse } from '../../rest/definitions/publisher.ts';
import { type Operations, ok } from '../../rest/operation.ts';
import { contextOf } from '../../services/apis/api-from-form.ts';
import { probeEndpoint } from '../../services/endpoints/probe-endpoint.ts';
import { readQuery } from '../../services/read-query.ts';

export const checks: Operations = {
  /** 200: there is such an API, whoever may see it; 404: there is none. */
  'POST /apis/validate': async (call, { store }) => {
    const conditions = readQuery(call.query('query') ?? '').map(exactly);
    const wrong = conditions.find(({ field }) => !['name', 'context', 'version'].includes(field));
    if (wrong || conditions.length === 0) throw new RestError(400, 'query: expected name:, context: or version:.');
    const viewer = { purpose: 'edit', user: null, roles: [], isAdmin: true } as const;
    const { total } = await searchApis(store.db, {
      tenant: call.caller.tenant,
      viewer,
      conditions,
      offset: 0,
      limit: 0,
    });
    if (total === 0) throw new RestError(404, 'There is no such API.');
    return ok();
  },

  'POST /apis/validate-endpoint': async (call, { privateAddresses }) => {
    const { status, text, error } = await probeEndpoint(call.query('endpointUrl') ?? '', privateAddresses);
    const answer: ApiEndpointValidationResponse = { statusCode: status, statusMessage: text, ...(error && { error }) };
    return ok(answer);
  },
};

function exactly(condition: ApiCondition): ApiCondition {
  const value = condition.field === 'context' ? contextOf(condition.value) : condition.value;
  // An asterisk is no wild card here.
  return { ...condition, value: value.replaceAll('*', ''), exact: true };
}
