/** Fills the store of a data folder before Postern is started on it: APIs, applications, subscriptions, policies. */
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { registerClient } from '../../src/adapters/key-managers/built-in.ts';
import { createApi } from '../../src/adapters/stores/apis.ts';
import { createApplication } from '../../src/adapters/stores/applications.ts';
import { putPolicy } from '../../src/adapters/stores/policies.ts';
import type { Store, StoreTransaction } from '../../src/adapters/stores/store.ts';
import { createSubscription } from '../../src/adapters/stores/subscriptions.ts';
import { insertUser } from '../../src/adapters/stores/users.ts';
import { hashPassword } from '../../src/adapters/user-stores/password.ts';
import type { Api, Resource } from '../../src/core/api.ts';
import type { KeyType, SubscriptionState, TokenType } from '../../src/core/application.ts';
import type { Policy } from '../../src/core/policy.ts';
import { openSeal, type Seal } from '../../src/platform/seal.ts';
import { catalogApi } from './catalog-api.ts';
import { openTestStore } from './store.ts';

const tenant = 'carbon.super';
const createdAt = 1_700_000_000;

export interface Filler {
  policy(policy: Policy): void;
  /** A user with the password `password of <name>`. */
  user(name: string, roles: readonly string[]): Promise<void>;
  /** An API at `/<name>/1.0.0` with a GET resource at `/*`, unless said otherwise. Returns its id. */
  api(name: string, more?: Partial<Api>): Promise<string>;
  /** An application with a consumer key, subscribed to APIs. */
  application(name: string, more?: NewApplication): Promise<{ id: string; key: string; secret: string }>;
}

export interface NewApplication {
  readonly tokenType?: TokenType;
  readonly keyType?: KeyType;
  readonly tier?: string;
  readonly owner?: string;
  /** Ids of APIs. */
  readonly subscribe?: readonly string[];
  readonly subscriptionTier?: string;
  readonly state?: SubscriptionState;
  /** With it the grant authorization_code. */
  readonly callbackUrl?: string;
}

export function resource(verb: Resource['verb'], path: string, more: Partial<Resource> = {}): Resource {
  return { path, verb, authType: 'Any', scopes: [], tier: 'Unlimited', ...more };
}

export async function fillStore<T>(data: string, work: (fill: Filler) => Promise<T>): Promise<T> {
  const store = await openTestStore(data);
  try {
    return await fillInto(store, data, work);
  } finally {
    await store.close();
  }
}

/** @param data the folder whose key seals what is secret */
export function fillInto<T>(store: Store, data: string, work: (fill: Filler) => Promise<T>): Promise<T> {
  mkdirSync(join(data, 'keys'), { recursive: true, mode: 0o700 });
  const seal = openSeal(join(data, 'keys', 'store.key'));
  return store.transaction((tx) => work(filler(tx, seal)));
}

function filler(tx: StoreTransaction, seal: Seal): Filler {
  return {
    policy: (policy) => putPolicy(tx, policy),
    async user(name, roles) {
      const password_hash = await hashPassword(`password of ${name}`);
      const user = { id: randomUUID(), tenant, name, password_hash, created_at: createdAt, state: 'ACTIVE' } as const;
      await insertUser(tx.db, user, roles);
    },
    async api(name, more = {}) {
      const id = more.id ?? randomUUID();
      const api: Api = {
        id,
        name,
        version: '1.0.0',
        provider: `admin@${tenant}`,
        context: `/${name}`,
        isDefaultVersion: false,
        status: 'PUBLISHED',
        resources: [resource('GET', '/*')],
        endpoints: {},
        cors: null,
        scopes: [],
        ...more,
      };
      await createApi(tx, catalogApi(api, createdAt), { tenant, definition: '{}' });
      return id;
    },
    async application(name, more = {}) {
      const owner = more.owner ?? `admin@${tenant}`;
      const { tokenType = 'JWT', keyType = 'PRODUCTION', tier = 'Unlimited' } = more;
      const { id } = await createApplication(tx, { id: randomUUID(), tenant, name, owner, tier, tokenType, createdAt });
      const { consumerKey, consumerSecret } = await registerClient(tx, seal, {
        applicationId: id,
        name,
        owner,
        keyType,
        tokenType,
        grantTypes: [
          ...['client_credentials', 'password', 'refresh_token'],
          ...(more.callbackUrl === undefined ? [] : ['authorization_code']),
        ],
        ...(more.callbackUrl !== undefined && { callbackUrl: more.callbackUrl }),
        hashClientSecrets: false,
        now: createdAt,
      });
      for (const apiId of more.subscribe ?? []) {
        const subscription = {
          id: randomUUID(),
          apiId,
          applicationId: id,
          tier: more.subscriptionTier ?? 'Unlimited',
          state: more.state ?? 'UNBLOCKED',
        } as const;
        await createSubscription(tx, subscription, { createdAt });
      }
      return { id, key: consumerKey, secret: consumerSecret };
    },
  };
}
