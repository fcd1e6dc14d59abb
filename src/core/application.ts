/** Applications, the consumer keys that were issued to them, and their subscriptions. */

/** A key is for the production or the sandbox endpoints of the APIs. */
export type KeyType = 'PRODUCTION' | 'SANDBOX';

/** The form of the access tokens that an application gets. */
export type TokenType = 'JWT' | 'OPAQUE';

export interface Application {
  /** Number of the application, unique in the store; part of throttling keys. */
  readonly ordinal: number;
  readonly id: string;
  readonly name: string;
  /** `name@tenant`. */
  readonly owner: string;
  /** Name of an application-level policy. */
  readonly tier: string;
}

/** Which application a consumer key belongs to. */
export interface KeyMapping {
  readonly consumerKey: string;
  readonly applicationId: string;
  readonly keyType: KeyType;
  /** `iss` of the foreign key manager that issued the key; absent = our own. */
  readonly issuer?: string;
}

export type SubscriptionState = 'UNBLOCKED' | 'BLOCKED' | 'PROD_ONLY_BLOCKED' | 'ON_HOLD' | 'REJECTED';

export interface Subscription {
  readonly id: string;
  readonly apiId: string;
  readonly applicationId: string;
  /** Name of a subscription-level policy. */
  readonly tier: string;
  readonly state: SubscriptionState;
}
