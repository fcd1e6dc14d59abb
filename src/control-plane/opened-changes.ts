/** The change log as gateways read it: the passwords of back ends, which the store keeps sealed, are open. */
import type { ChangeLog } from '../adapters/stores/store.ts';
import type { Api, Endpoint } from '../core/api.ts';
import type { EntityChange } from '../core/snapshot.ts';
import type { Log } from '../platform/log.ts';
import { type Seal, SealError } from '../platform/seal.ts';
import { openPassword } from './services/endpoints/endpoint-password.ts';

export function openedChanges(changes: ChangeLog, seal: Seal, log: Log): ChangeLog {
  const opener = openPassword(seal);
  const openEndpoint = (id: string, endpoint: Endpoint): Endpoint => {
    if (!endpoint.basic) return endpoint;
    const { username, password: sealed } = endpoint.basic;
    const { basic: _, ...rest } = endpoint;
    try {
      const password = opener({ id, endpointSecurity: { type: 'BASIC', username, sealed } });
      return { ...rest, basic: { username, password: password ?? '' } };
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      // Of one API the back end refuses; the others must not wait for it.
      log.error({ api: id, err: error }, 'the password of a back end can not be opened; it is left out');
      return rest;
    }
  };
  const openApi = (api: Api): Api => {
    const { production, sandbox } = api.endpoints;
    if (!production?.basic && !sandbox?.basic) return api;
    return {
      ...api,
      endpoints: {
        ...(production && { production: openEndpoint(api.id, production) }),
        ...(sandbox && { sandbox: openEndpoint(api.id, sandbox) }),
      },
    };
  };
  const open = <C extends EntityChange>(change: C): C =>
    change.kind === 'api' && change.value ? { ...change, value: openApi(change.value) } : change;
  return {
    head: () => changes.head(),
    has: (position) => changes.has(position),
    trim: (olderThanMs) => changes.trim(olderThanMs),
    after: async (number, limit) => (await changes.after(number, limit))?.map(open) ?? null,
    onCommit: (listener) => changes.onCommit((events) => listener(events.map(open))),
    async snapshot(apart) {
      const { entities, ...others } = await changes.snapshot(apart);
      return { ...others, entities: mapped(entities, open) };
    },
  };
}

async function* mapped<T>(from: AsyncIterable<T>, change: (one: T) => T): AsyncGenerator<T> {
  for await (const one of from) yield change(one);
}
