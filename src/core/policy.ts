/** Throttling policies: named limits of one level. */

export type PolicyLevel = 'resource' | 'subscription' | 'application';

/** The name that stands for "no limit" at every level. */
export const unlimited = 'Unlimited';

/** At most `count` requests in any window of `windowMs`; the window starts at a key's first request. */
export interface Limit {
  readonly count: number;
  /** Milliseconds. */
  readonly windowMs: number;
}

export interface Policy {
  readonly level: PolicyLevel;
  readonly name: string;
  /** null = unlimited. */
  readonly limit: Limit | null;
  /** false: over-use passes and is only marked. */
  readonly stopOnQuota: boolean;
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
  policy('subscription', 'Unauthenticated', 500),
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
