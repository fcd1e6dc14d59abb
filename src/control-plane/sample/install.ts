/** Puts the sample into a new store: the API, an application that is subscribed to it, and its keys. */
import { randomUUID } from 'node:crypto';
import { registerClient, revealSecret } from '../../adapters/key-managers/built-in.ts';
import { recordState } from '../../adapters/stores/api-history.ts';
import { createApi, findApi, updateApi } from '../../adapters/stores/apis.ts';
import { createApplication, findApplication } from '../../adapters/stores/applications.ts';
import { findClient } from '../../adapters/stores/clients.ts';
import type { Store } from '../../adapters/stores/store.ts';
import { createSubscription } from '../../adapters/stores/subscriptions.ts';
import type { ConfiguredEndpoint, EndpointConfig } from '../../core/catalog-api.ts';
import { unlimited } from '../../core/policy.ts';
import { saml2Bearer } from '../../core/saml.ts';
import { defaultTenant, fullUserName } from '../../core/tenant.ts';
import type { Seal } from '../../platform/seal.ts';
import { backendPath, pizzashack, pizzashackDefinition, pizzashackEndpoints } from './pizzashack.ts';

/** What is printed at the start of an evaluation. */
export interface Sample {
  readonly api: string;
  /** Context and version: `/pizzashack/1.0.0`. */
  readonly path: string;
  readonly application: string;
  readonly consumerKey: string;
  readonly consumerSecret: string;
}

export interface SampleDeps {
  readonly store: Store;
  readonly seal: Seal;
  /** Of the control plane, which serves the sample's back end. */
  readonly origin: string;
  readonly hashClientSecrets: boolean;
  /** Seconds since the epoch. */
  readonly now: number;
}

/** Row of `meta` that holds the sample's consumer key: it was installed, and is not again when somebody deletes it. */
const installed = 'sample';

/** Installs the sample unless it was once. Null if there is nothing (any more) to call. */
export async function installSample(deps: SampleDeps): Promise<Sample | null> {
  const { store } = deps;
  const row = await store.db.selectFrom('meta').select('value').where('key', '=', installed).executeTakeFirst();
  return row ? existing(deps, row.value) : install(deps);
}

async function install({ store, seal, origin, hashClientSecrets, now }: SampleDeps): Promise<Sample> {
  const api = pizzashack(origin, now);
  const owner = fullUserName('admin');
  return store.transaction(async (tx) => {
    await createApi(tx, api, { tenant: defaultTenant, definition: pizzashackDefinition(api) });
    await recordState(tx.db, { api_id: api.id, previous: null, status: api.status, actor: owner, at_ms: now * 1000 });
    const application = await createApplication(tx, {
      id: randomUUID(),
      tenant: defaultTenant,
      name: 'PizzaShackApplication',
      owner,
      tier: unlimited,
      tokenType: 'JWT',
      createdAt: now,
    });
    const keys = await registerClient(tx, seal, {
      applicationId: application.id,
      name: application.name,
      owner,
      grantTypes: ['client_credentials', 'password', 'refresh_token', saml2Bearer],
      hashClientSecrets,
      now,
    });
    await createSubscription(
      tx,
      { id: randomUUID(), apiId: api.id, applicationId: application.id, tier: unlimited, state: 'UNBLOCKED' },
      { createdAt: now },
    );
    await tx.db.insertInto('meta').values({ key: installed, value: keys.consumerKey }).execute();
    return {
      api: `${api.name} ${api.version}`,
      path: `${api.context}/${api.version}`,
      application: application.name,
      ...keys,
    };
  });
}

/** The sample as it is now; its back end's address follows the port of this start. */
async function existing({ store, seal, origin, now }: SampleDeps, consumerKey: string): Promise<Sample | null> {
  const fresh = pizzashack(origin, now);
  const api = await findApi(store.db, fresh.id);
  const client = await findClient(store.db, consumerKey);
  const application = client?.application_id ? await findApplication(store.db, client.application_id) : null;
  if (!api || !client || !application) return null;
  const ours = addressOf(api.endpointConfig);
  if (ours?.endsWith(backendPath) && ours !== addressOf(fresh.endpointConfig)) {
    const endpointConfig = pizzashackEndpoints(origin);
    await store.transaction(async (tx) => void (await updateApi(tx, { ...api, endpointConfig })));
  }
  const consumerSecret = revealSecret(seal, client) ?? '(shown at the first start only)';
  return {
    api: `${api.name} ${api.version}`,
    path: `${api.context}/${api.version}`,
    application: application.name,
    consumerKey,
    consumerSecret,
  };
}

function addressOf(config: EndpointConfig | null): string | undefined {
  const { production_endpoints: endpoint } = config ?? {};
  return (endpoint as ConfiguredEndpoint | undefined)?.url;
}
