/** Names that publishers choose from, and whether there is such a one: roles, tenants, labels, categories, stores. */
import { defaultTenant } from '../../../core/tenant.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { type Operations, ok } from '../../rest/operation.ts';
import { pageOf } from '../../rest/page.ts';
import { requireApi } from '../../services/apis/api-access.ts';
import { unknownRoles } from '../../services/apis/known-names.ts';

export const names: Operations = {
  'HEAD /roles/{roleId}': async (call, { store }) => {
    const unknown = await unknownRoles(store.db, call.caller.tenant, [roleOf(call.param('roleId'))]);
    if (unknown.length > 0) throw new RestError(404, 'There is no such role.');
    return ok();
  },

  'HEAD /me/roles/{roleId}': async (call) => {
    if (!call.caller.roles.includes(roleOf(call.param('roleId')))) throw new RestError(404, 'You have no such role.');
    return ok();
  },

  'GET /tenants': async (call) => {
    const all = call.query('state') === 'inactive' ? [] : [{ domain: defaultTenant, status: 'active' }];
    return ok(pageOf(call, all));
  },

  'HEAD /tenants/{tenantDomain}': async (call) => {
    if (call.param('tenantDomain') !== defaultTenant) throw new RestError(404, 'There is no such tenant.');
    return ok();
  },

  'GET /labels': async (call, { store }) => {
    const rows = await store.db
      .selectFrom('labels')
      .select(['name', 'description', 'access_urls'])
      .where('tenant', '=', call.caller.tenant)
      .orderBy('name')
      .execute();
    const list = rows.map(({ access_urls, ...row }) => ({ ...row, access_urls: JSON.parse(access_urls) as string[] }));
    return ok(pageOf(call, list));
  },

  'GET /api-categories': async (call, { store }) => {
    const { tenant } = call.caller;
    const query = store.db.selectFrom('categories').select(['id', 'name', 'description']).where('tenant', '=', tenant);
    const list = await query.orderBy('name').execute();
    return ok({ count: list.length, list });
  },

  /** Other developer portals that APIs are shown in: there are none. */
  'GET /external-stores': async () => ok({ count: 0, list: [] }),

  'GET /apis/{apiId}/external-stores': async (call, { store }) => {
    await requireApi(store.db, call.caller, call.param('apiId'));
    return ok({ count: 0, list: [] });
  },
};

/** base64url of the role's name; a name with its user store may be sent as it is. @throws RestError 404 */
function roleOf(id: string): string {
  const name = Buffer.from(id, 'base64url').toString('utf8');
  if (Buffer.from(name).toString('base64url') !== id.replace(/=+$/, '').replace(/\+/g, '-').replace(/\//g, '_')) {
    throw new RestError(404, 'There is no such role; expected base64url of its name.');
  }
  return name.replace(/^PRIMARY\//i, '');
}
