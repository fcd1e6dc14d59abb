/** Service providers, which are told who has logged in. Ours, the original has them elsewhere. */
import { randomUUID } from 'node:crypto';
import { findServiceProvider, listServiceProviders } from '../../../adapters/stores/service-providers.ts';
import type { Queryable } from '../../../adapters/stores/store.ts';
import type { ServiceProvider } from '../../../core/service-provider.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { created, type Operation, type Operations, ok, type RestCall } from '../../rest/operation.ts';
import { type ServiceProviderForm, write } from '../../services/service-providers/form.ts';
import { readForm } from '../../services/service-providers/read-form.ts';
import {
  addServiceProvider,
  changeServiceProvider,
  removeServiceProvider,
  requireSigningKey,
} from '../../services/service-providers/service-providers.ts';

const list: Operation = async ({ caller }, { store }) => {
  const all = await listServiceProviders(store.db, caller.tenant);
  return ok({ count: all.length, list: all.map(write) });
};

const create: Operation = async (call, deps) => {
  const of = { id: randomUUID(), tenant: call.caller.tenant };
  const provider = await readForm(call.json<ServiceProviderForm>(), of);
  await requireSigningKey(deps);
  await deps.store.transaction((tx) => addServiceProvider(tx, deps, provider, call.caller.fullName));
  return created(write(provider), `${call.base}/service-providers/${provider.id}`);
};

const get: Operation = async (call, { store }) => ok(write(await existing(store.db, call)));

const update: Operation = async (call, deps) => {
  const of = { id: call.param('serviceProviderId'), tenant: call.caller.tenant };
  const after = await readForm(call.json<ServiceProviderForm>(), of);
  await deps.store.transaction(async (tx) => {
    await changeServiceProvider(tx, deps, await existing(tx.db, call), after, call.caller.fullName);
  });
  return ok(write(after));
};

const remove: Operation = async (call, deps) => {
  await deps.store.transaction(async (tx) => {
    await removeServiceProvider(tx, deps, await existing(tx.db, call), call.caller.fullName);
  });
  return ok();
};

export const serviceProviders: Operations = {
  'GET /service-providers': list,
  'POST /service-providers': create,
  'GET /service-providers/{serviceProviderId}': get,
  'PUT /service-providers/{serviceProviderId}': update,
  'DELETE /service-providers/{serviceProviderId}': remove,
};

async function existing(db: Queryable, call: RestCall): Promise<ServiceProvider> {
  const id = call.param('serviceProviderId');
  const found = await findServiceProvider(db, id);
  if (found?.tenant === call.caller.tenant) return found;
  throw new RestError(404, `There is no service provider ${id}.`);
}
