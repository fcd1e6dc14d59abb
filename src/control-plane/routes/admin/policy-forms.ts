/** Throttling policies in the forms of the admin API, one for each level. */

import { hasHiddenCharacters, hiddenCharacters } from '../../../core/hidden-characters.ts';
import type { Policy, PolicyLevel } from '../../../core/policy.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type {
  AdvancedThrottlePolicy,
  ApplicationThrottlePolicy,
  ThrottlePolicy,
} from '../../rest/definitions/admin.ts';
import { readGroups, writeGroups } from '../../services/policies/conditions.ts';
import { readBurst, readLimit, unitOf, writeLimit } from '../../services/policies/limits.ts';
import { policyUuid } from '../../services/policies/policies.ts';
import type { SubscriptionThrottlePolicy } from './additions.ts';

/** A level's form in the admin API. */
export interface PolicyForm<Dto extends ThrottlePolicy> {
  readonly level: PolicyLevel;
  /** @throws RestError 400 */
  read(dto: Dto): Policy;
  write(policy: Policy): Dto;
}

export const applicationForm: PolicyForm<ApplicationThrottlePolicy> = {
  level: 'application',
  read: (dto) => ({ ...common('application', dto), limit: readLimit(dto.defaultLimit, limitPlace) }),
  write: (policy) => ({ ...words(policy), defaultLimit: writeLimit(policy.limit) }),
};

export const advancedForm: PolicyForm<AdvancedThrottlePolicy> = {
  level: 'resource',
  read: (dto) => ({
    ...common('resource', dto),
    limit: readLimit(dto.defaultLimit, limitPlace),
    ...(dto.conditionalGroups?.length && { groups: readGroups(dto.conditionalGroups) }),
  }),
  write: (policy) => ({
    ...words(policy),
    defaultLimit: writeLimit(policy.limit),
    conditionalGroups: writeGroups(policy.groups ?? []),
  }),
};

export const subscriptionForm: PolicyForm<SubscriptionThrottlePolicy> = {
  level: 'subscription',
  read(dto) {
    const { rateLimitCount = 0, permissions, stopOnQuotaReach = true } = dto;
    refuseUnbuilt(dto);
    const policy = common('subscription', dto);
    const attributes = dto.customAttributes ?? [];
    return {
      ...policy,
      limit: readLimit(dto.defaultLimit, limitPlace),
      stopOnQuota: stopOnQuotaReach,
      // Less than one is how clients say that there is none.
      ...(rateLimitCount > 0 && { burst: readBurst(rateLimitCount, dto.rateLimitTimeUnit) }),
      ...(permissions && { permission: { type: permissions.permissionType, roles: permissions.roles } }),
      about: {
        ...policy.about,
        billingPlan: billingPlan(dto.billingPlan),
        ...(attributes.length > 0 && { attributes }),
      },
    };
  },
  write: (policy) => ({
    ...words(policy),
    defaultLimit: writeLimit(policy.limit),
    rateLimitCount: policy.burst?.count ?? 0,
    ...(policy.burst && { rateLimitTimeUnit: unitOf(policy.burst) }),
    customAttributes: [...(policy.about?.attributes ?? [])],
    stopOnQuotaReach: policy.stopOnQuota,
    billingPlan: policy.about?.billingPlan ?? 'FREE',
    ...(policy.permission && {
      permissions: { permissionType: policy.permission.type, roles: [...policy.permission.roles] },
    }),
  }),
};

const limitPlace = 'body/defaultLimit';

function common(level: PolicyLevel, { policyName, displayName, description }: ThrottlePolicy): Omit<Policy, 'limit'> {
  if (hasHiddenCharacters(displayName ?? ''))
    throw new RestError(400, `body/displayName: expected no ${hiddenCharacters}.`);
  return {
    level,
    name: policyName,
    stopOnQuota: true,
    about: { ...(displayName && { displayName }), ...(description && { description }) },
  };
}

function words(policy: Policy): Required<ThrottlePolicy> {
  const { displayName = policy.name, description = '' } = policy.about ?? {};
  return { policyId: policyUuid(policy), policyName: policy.name, displayName, description, isDeployed: true };
}

/** What is accepted is enforced. */
function refuseUnbuilt({
  monetization,
  graphQLMaxComplexity = 0,
  graphQLMaxDepth = 0,
}: SubscriptionThrottlePolicy): void {
  if (monetization) throw new RestError(400, 'body/monetization: monetization is not built yet.');
  if (graphQLMaxComplexity > 0 || graphQLMaxDepth > 0) {
    throw new RestError(400, 'body: limits on GraphQL queries are not built yet.');
  }
}

function billingPlan(given = 'FREE'): 'FREE' | 'COMMERCIAL' {
  if (given === 'FREE' || given === 'COMMERCIAL') return given;
  throw new RestError(400, `body/billingPlan: expected FREE or COMMERCIAL, got ${JSON.stringify(given)}.`);
}
