/** APIs: list, create, read, change, delete. */
import { randomUUID } from 'node:crypto';
import { searchApis } from '../../../adapters/stores/api-search.ts';
import { fullUserName } from '../../../core/tenant.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { type ControlPlaneDeps, seconds } from '../../deps.ts';
import type { Caller } from '../../rest/caller.ts';
import type { API } from '../../rest/definitions/publisher.ts';
import { requireMatch, tagged } from '../../rest/entity-tag.ts';
import { created, type Operations, ok } from '../../rest/operation.ts';
import { page, rangeOf } from '../../rest/page.ts';
import { publisherView, requireApi } from '../../services/apis/api-access.ts';
import { fromForm, newApi } from '../../services/apis/api-from-form.ts';
import { addApi, changeApi, removeApi } from '../../services/apis/write-api.ts';
import { generateDefinition } from '../../services/definitions/generate-definition.ts';
import { readQuery } from '../../services/read-query.ts';
import { toForm, toInfo } from './api-form.ts';
import { besideApis } from './beside-apis.ts';
import { requireChangeable } from './changeable-fields.ts';

export const apis: Operations = {
  'GET /apis': async (call, { store }) => {
    const { tenant } = call.caller;
    const conditions = readQuery(call.query('query') ?? '');
    const range = rangeOf(call);
    const search = { tenant, viewer: publisherView(call.caller), conditions, ...range };
    const { apis, total } = await searchApis(store.db, search);
    const beside = await besideApis(
      store.db,
      apis.map(({ id }) => id),
    );
    const expand = call.query<boolean>('expand') === true;
    const list = apis.map((api) => (expand ? toForm : toInfo)(api, beside(api.id)));
    return ok(page<unknown>(call, list, total));
  },

  'POST /apis': async (call, deps) => {
    const form = call.json<API>();
    const now = seconds(deps.clock);
    const { caller } = call;
    const before = newApi(form, randomUUID(), await providerOf(form, caller, deps), now);
    const api = fromForm(form, before, { seal: deps.seal, tenant: caller.tenant, now });
    const written = await addApi(deps, caller, api, generateDefinition(api, call.query<'V2' | 'V3'>('openAPIVersion')));
    return tagged(created(toForm(written), `${call.base}/apis/${api.id}`), written);
  },

  'GET /apis/{apiId}': async (call, deps) => {
    const api = await requireApi(deps.store.db, call.caller, call.param('apiId'));
    return tagged(ok(toForm(api, (await besideApis(deps.store.db, [api.id]))(api.id))), api);
  },

  'PUT /apis/{apiId}': async (call, deps) => {
    const id = call.param('apiId');
    const form = call.json<API>();
    const { caller } = call;
    const written = await changeApi(deps, caller, id, async (before) => {
      requireMatch(call, before);
      const now = seconds(deps.clock);
      const api = fromForm(form, before, { seal: deps.seal, tenant: caller.tenant, now });
      requireChangeable(caller, before, api);
      return { api };
    });
    return tagged(ok(toForm(written, (await besideApis(deps.store.db, [id]))(id))), written);
  },

  'DELETE /apis/{apiId}': async (call, deps) => {
    await removeApi(deps, call.caller, call.param('apiId'), (api) => requireMatch(call, api));
    return ok();
  },
};

/** Administrators may create APIs for others. @throws RestError 400, 403 */
export async function providerOf(form: API, caller: Caller, { users }: ControlPlaneDeps): Promise<string> {
  const asked = form.provider ? fullUserName(form.provider, caller.tenant) : caller.fullName;
  if (asked === caller.fullName) return asked;
  if (!caller.isAdmin) throw new RestError(403, 'provider: only administrators create APIs for others.');
  const user = await users.find(asked);
  if (!user) throw new RestError(400, `provider: there is no user "${form.provider}".`);
  return user.fullName;
}
