/** Throttling policies: named limits of one level. */

export type PolicyLevel = 'resource' | 'subscription' | 'application';

/** The name that stands for "no limit" at every level. */
export const unlimited = 'Unlimited';

/** The subscription-level policy of resources without authentication, for each client address by itself. */
export const unauthenticated = 'Unauthenticated';

/** At most `count` requests in any window of `windowMs`; the window starts at a key's first request. */
export interface Limit {
  readonly count: number;
  /** Milliseconds. */
  readonly windowMs: number;
  /** The unit in which an administrator gave the window; absent = the largest that it is a multiple of. */
  readonly unit?: TimeUnit;
}

export interface Policy {
  readonly level: PolicyLevel;
  readonly name: string;
  /** null = unlimited. */
  readonly limit: Limit | null;
  /** false: over-use passes and is only marked. */
  readonly stopOnQuota: boolean;
  /** At subscription level: a second limit over a short time, so that not all is taken at once. Absent = none. */
  readonly burst?: Limit;
  /** At resource level: limits of their own for requests of some kinds. `limit` is for those of no kind. */
  readonly groups?: readonly ConditionalGroup[];
  /** Who may choose it: users with one of the roles, or all but those. Absent = everybody. */
  readonly permission?: { readonly type: 'ALLOW' | 'DENY'; readonly roles: readonly string[] };
  /** What people are told of it. Nothing is decided by it. */
  readonly about?: PolicyDescription;
}

export interface PolicyDescription {
  readonly displayName?: string;
  readonly description?: string;
  readonly billingPlan?: 'FREE' | 'COMMERCIAL';
  readonly attributes?: readonly { readonly name: string; readonly value: string }[];
}

/** Requests that fit all the conditions have this limit, each group by itself. */
export interface ConditionalGroup {
  readonly description?: string;
  readonly conditions: readonly Condition[];
  readonly limit: Limit;
}

/**
 * What a request has to be like: where it comes from, or what a header field, a query parameter or a claim of its token
 * says. Of several values one has to fit; one that isn't there fits no pattern.
 */
export type Condition = { readonly invert?: true } & (
  | {
      readonly type: 'ip';
      /** Addresses; the same twice for one alone. */
      readonly first: string;
      readonly last: string;
    }
  | {
      readonly type: 'header' | 'query' | 'claim';
      /** Of a header field, in lower case. */
      readonly name: string;
      /** What is to be found in the value, see `core/pattern.ts`. */
      readonly pattern: string;
    }
);

/** Units of time that limits are given in, in milliseconds; a month has 30 days, a year 365. */
export const timeUnits = {
  sec: 1000,
  min: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 7 * 86_400_000,
  month: 30 * 86_400_000,
  year: 365 * 86_400_000,
} as const;
export type TimeUnit = keyof typeof timeUnits;

/** The longest window that can be counted: two years. */
export const longestWindow = 2 * 365 * 86_400_000;

/** Whether a user with these roles may choose the policy. */
export function mayChoose({ permission }: Policy, roles: readonly string[]): boolean {
  if (!permission) return true;
  const isNamed = permission.roles.some((role) => roles.includes(role));
  return permission.type === 'ALLOW' ? isNamed : !isNamed;
}

const minute = 60_000;
const policy = (level: PolicyLevel, name: string, count: number | null): Policy => ({
  level,
  name,
  limit: count === null ? null : { count, windowMs: minute },
  stopOnQuota: true,
});

/** The policies that every new store has: the tiers that users of WSO2 API Manager know. */
export const builtInPolicies: readonly Policy[] = [
  policy('subscription', 'Gold', 5000),
  policy('subscription', 'Silver', 2000),
  policy('subscription', 'Bronze', 1000),
  policy('subscription', unauthenticated, 500),
  policy('subscription', unlimited, null),
  policy('application', '50PerMin', 50),
  policy('application', '20PerMin', 20),
  policy('application', '10PerMin', 10),
  policy('application', unlimited, null),
  policy('resource', '50KPerMin', 50_000),
  policy('resource', '20KPerMin', 20_000),
  policy('resource', '10KPerMin', 10_000),
  policy('resource', unlimited, null),
];
