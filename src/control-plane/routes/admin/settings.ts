/** Settings, scopes and tenants: what an administrator reads about the control plane itself. */
import { restScopes } from '../../../core/rest-scopes.ts';
import { defaultTenant } from '../../../core/tenant.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { Definition } from '../../rest/definition.ts';
import { admin } from '../../rest/definitions/admin.ts';
import { developerPortal } from '../../rest/definitions/developer-portal.ts';
import { publisher } from '../../rest/definitions/publisher.ts';
import { type Operation, type Operations, ok } from '../../rest/operation.ts';

/** The number that the original has for its first tenant. */
const defaultTenantId = -1234;

const settings: Operation = async () =>
  ok({ scopes: scopesOf(admin), keyManagerConfiguration: [], analyticsEnabled: false });

/** Every scope of the REST APIs with the roles that may have it. They are fixed. */
const listScopes: Operation = async () => {
  const list = [...restScopes].map(([name, roles]) => ({ name, tag: tagOf(name), description: words(name), roles }));
  return ok({ count: list.length, list });
};

/** Whether a user may have a scope; the caller, if none is named. The scope's name is in base64url, as in the original. */
const getScope: Operation = async (call, { users }) => {
  const given = call.param('scopeName');
  const decoded = Buffer.from(given, 'base64url').toString('utf8');
  const name = restScopes.has(given) ? given : decoded;
  const roles = restScopes.get(name);
  if (!roles) throw new RestError(404, `There is no scope ${given}.`);
  const username = call.query('username');
  const user = username === undefined ? call.caller : await users.find(username);
  if (!user) throw new RestError(404, `There is no user ${username}.`);
  if (!roles.some((role) => user.roles.includes(role))) {
    throw new RestError(404, `The user ${user.name} may not have the scope ${name}.`);
  }
  return ok({ name });
};

const tenantInfo: Operation = async (call, { users }) => {
  const name = call.param('username');
  const user = await users.find(name);
  if (!user) throw new RestError(404, `There is no user ${name}.`);
  return ok({ username: user.name, tenantDomain: user.tenant, tenantId: defaultTenantId });
};

/** Nobody can have an address of his own for a tenant. */
const customUrl: Operation = async (call) => {
  const tenantDomain = call.param('tenantDomain');
  if (tenantDomain !== defaultTenant) throw new RestError(404, `There is no tenant ${tenantDomain}.`);
  return ok({ tenantDomain, tenantAdminUsername: 'admin', enabled: false, devPortal: { url: '' } });
};

export const settingsOperations: Operations = {
  'GET /settings': settings,
  'GET /system-scopes': listScopes,
  'GET /system-scopes/{scopeName}': getScope,
  'GET /tenant-info/{username}': tenantInfo,
  'GET /custom-urls/{tenantDomain}': customUrl,
};

function scopesOf({ operations }: Definition): string[] {
  return [...new Set(operations.flatMap(({ scopes }) => scopes ?? []))].toSorted();
}

/** The API that has the scope. */
function tagOf(scope: string): string {
  if (scopesOf(publisher).includes(scope)) return 'publisher';
  return scopesOf(developerPortal).includes(scope) ? 'devportal' : 'admin';
}

/** `apim:api_view` -> `api view`. */
const words = (scope: string): string => scope.replace('apim:', '').replaceAll('_', ' ');
