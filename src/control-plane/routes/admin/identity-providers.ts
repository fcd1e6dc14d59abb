/** Identity providers, whose assertions about users are believed. Ours, the original has them elsewhere. */
import { randomUUID } from 'node:crypto';
import { findIdentityProvider, listIdentityProviders } from '../../../adapters/stores/identity-providers.ts';
import type { Queryable } from '../../../adapters/stores/store.ts';
import type { IdentityProvider } from '../../../core/identity-provider.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { created, type Operation, type Operations, ok, type RestCall } from '../../rest/operation.ts';
import { type IdentityProviderForm, show } from '../../services/identity-providers/form.ts';
import {
  addIdentityProvider,
  changeIdentityProvider,
  removeIdentityProvider,
} from '../../services/identity-providers/identity-providers.ts';
import { readForm } from '../../services/identity-providers/read-form.ts';

const list: Operation = async ({ caller }, { store, publicUrl }) => {
  const all = await listIdentityProviders(store.db, caller.tenant);
  return ok({ count: all.length, list: all.map((one) => show(one, publicUrl)) });
};

const create: Operation = async (call, deps) => {
  const of = { id: randomUUID(), tenant: call.caller.tenant };
  const provider = await readForm(call.json<IdentityProviderForm>(), of, deps.seal);
  await deps.store.transaction((tx) => addIdentityProvider(tx, deps, provider, call.caller.fullName));
  return created(show(provider, deps.publicUrl), `${call.base}/identity-providers/${provider.id}`);
};

const get: Operation = async (call, { store, publicUrl }) => ok(show(await existing(store.db, call), publicUrl));

const update: Operation = async (call, deps) => {
  const of = { id: call.param('identityProviderId'), tenant: call.caller.tenant };
  const form = call.json<IdentityProviderForm>();
  const after = await deps.store.transaction(async (tx) => {
    const before = await existing(tx.db, call);
    const provider = await readForm(form, of, deps.seal, before);
    await changeIdentityProvider(tx, deps, before, provider, call.caller.fullName);
    return provider;
  });
  return ok(show(after, deps.publicUrl));
};

const remove: Operation = async (call, deps) => {
  await deps.store.transaction(async (tx) => {
    await removeIdentityProvider(tx, deps, await existing(tx.db, call), call.caller.fullName);
  });
  return ok();
};

const check: Operation = async (call, { store, keyManager }) => {
  const problem = await keyManager.problemOfProvider(await existing(store.db, call));
  return ok(problem === null ? {} : { problem });
};

export const identityProviders: Operations = {
  'GET /identity-providers': list,
  'POST /identity-providers': create,
  'GET /identity-providers/{identityProviderId}': get,
  'PUT /identity-providers/{identityProviderId}': update,
  'DELETE /identity-providers/{identityProviderId}': remove,
  'POST /identity-providers/{identityProviderId}/check': check,
};

async function existing(db: Queryable, call: RestCall): Promise<IdentityProvider> {
  const id = call.param('identityProviderId');
  const found = await findIdentityProvider(db, id);
  if (found?.tenant === call.caller.tenant) return found;
  throw new RestError(404, `There is no identity provider ${id}.`);
}
