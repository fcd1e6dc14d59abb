/** Scopes that several APIs use. */

import { findApi } from '../../../adapters/stores/apis.ts';
import {
  apisWithScope,
  findSharedScopes,
  listSharedScopes,
  type SharedScopeRow,
} from '../../../adapters/stores/shared-scopes.ts';
import type { CatalogScope } from '../../../core/catalog-api.ts';
import { shownUserName } from '../../../core/tenant.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { Scope, SharedScopeUsage } from '../../rest/definitions/publisher.ts';
import { created, type Operations, ok } from '../../rest/operation.ts';
import { page, rangeOf } from '../../rest/page.ts';
import {
  addSharedScope,
  changeSharedScope,
  removeSharedScope,
  requireSharedScope,
} from '../../services/apis/shared-scopes.ts';

export const scopes: Operations = {
  'GET /scopes': async (call, { store }) => {
    const { rows, total } = await listSharedScopes(store.db, call.caller.tenant, rangeOf(call));
    return ok(
      page(
        call,
        rows.map((row) => scopeForm(row, row.usage)),
        total,
      ),
    );
  },

  'POST /scopes': async (call, deps) => {
    const row = await addSharedScope(deps, call.caller, scopeOf(call.json<Scope>()));
    return created(scopeForm(row, 0), `${call.base}/scopes/${row.id}`);
  },

  'GET /scopes/{scopeId}': async (call, { store }) => {
    const { tenant } = call.caller;
    const row = await requireSharedScope(store.db, tenant, call.param('scopeId'));
    return ok(scopeForm(row, (await apisWithScope(store.db, tenant, row.name)).length));
  },

  'PUT /scopes/{scopeId}': async (call, deps) => {
    const row = await changeSharedScope(deps, call.caller, call.param('scopeId'), scopeOf(call.json<Scope>()));
    return ok(scopeForm(row, (await apisWithScope(deps.store.db, call.caller.tenant, row.name)).length));
  },

  'DELETE /scopes/{scopeId}': async (call, deps) => {
    await removeSharedScope(deps, call.caller, call.param('scopeId'));
    return ok();
  },

  /** Whether a scope of this name exists, shared or an API's own. Clients send the name as it is, or base64url of it. */
  'HEAD /scopes/{scopeId}': async (call, { store }) => {
    const { tenant } = call.caller;
    const given = call.param('scopeId');
    for (const name of [given, Buffer.from(given, 'base64url').toString()]) {
      if ((await findSharedScopes(store.db, tenant, [name])).length > 0) return ok();
      if ((await apisWithScope(store.db, tenant, name)).length > 0) return ok();
    }
    throw new RestError(404, 'There is no scope of that name.');
  },

  'GET /scopes/{scopeId}/usage': async (call, { store }) => {
    const { tenant } = call.caller;
    const { id, name } = await requireSharedScope(store.db, tenant, call.param('scopeId'));
    const used: NonNullable<SharedScopeUsage['usedApiList']> = [];
    for (const user of await apisWithScope(store.db, tenant, name)) {
      const api = await findApi(store.db, user.id);
      if (!api) continue;
      used.push({
        name: api.name,
        context: api.context,
        version: api.version,
        provider: shownUserName(api.provider),
        usedResourceList: api.operations
          .filter((operation) => operation.scopes.includes(name))
          .map(({ target, verb }) => ({ target, verb })),
      });
    }
    const answer: SharedScopeUsage = { id, name, usedApiList: used };
    return ok(answer);
  },
};

function scopeOf({ name, displayName, description, bindings }: Scope): CatalogScope {
  return {
    name,
    displayName: displayName || name,
    description: description ?? '',
    roles: bindings ?? [],
    shared: true,
  };
}

function scopeForm({ id, name, display_name, description, roles }: SharedScopeRow, usageCount: number): Scope {
  return { id, name, displayName: display_name, description, bindings: JSON.parse(roles) as string[], usageCount };
}
