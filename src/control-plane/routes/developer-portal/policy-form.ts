/** Throttling policies in the form of the developer portal API. */
import type { Policy } from '../../../core/policy.ts';
import type * as dto from '../../rest/definitions/developer-portal.ts';

/** What the original answers for "no limit". */
const endless = 2_147_483_647;

export function toPolicy({ name, level, limit, stopOnQuota, about, permission }: Policy): dto.ThrottlingPolicy {
  const unit = limit && limit.windowMs === 60_000 ? 'minute' : `${(limit?.windowMs ?? 0) / 1000} seconds`;
  const usual = limit ? `Allows ${limit.count} requests per ${unit}` : 'Allows unlimited requests';
  return {
    name,
    description: about?.description || usual,
    policyLevel: level === 'application' ? 'application' : 'subscription',
    attributes: Object.fromEntries((about?.attributes ?? []).map((one) => [one.name, one.value])),
    requestCount: limit?.count ?? endless,
    unitTime: limit?.windowMs ?? 0,
    tierPlan: about?.billingPlan ?? 'FREE',
    stopOnQuotaReach: stopOnQuota,
    ...(permission && {
      throttlingPolicyPermissions: {
        type: permission.type === 'ALLOW' ? 'allow' : 'deny',
        roles: [...permission.roles],
      },
    }),
  };
}
