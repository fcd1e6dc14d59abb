/** From the throttling policies of the admin API to the text of a `policies.yaml`. */
import { stringify } from 'yaml';
import { type PolicyLevel, unlimited } from '../../core/policy.ts';
import type { Raw } from '../fields.ts';

export interface PulledPolicies {
  readonly yaml: string;
  /** `level|name` of each that is in it. */
  readonly ids: ReadonlySet<string>;
  /** What could not be taken over, in sentences. */
  readonly remarks: readonly string[];
}

const units: Readonly<Record<string, string>> = {
  min: 'min',
  minute: 'min',
  minutes: 'min',
  hour: 'hour',
  hours: 'hour',
  day: 'day',
  days: 'day',
  week: 'week',
  weeks: 'week',
  month: 'month',
  months: 'month',
  year: 'year',
  years: 'year',
};

/** @param lists policies of each level in the form of the admin API */
export function policiesOf(lists: Readonly<Record<PolicyLevel, readonly Raw[]>>): PulledPolicies {
  const remarks: string[] = [];
  const ids = new Set<string>();
  const of = (level: PolicyLevel): object[] =>
    lists[level].flatMap((policy) => {
      const name = policy.policyName;
      if (typeof name !== 'string' || name === unlimited) return [];
      const limit = (policy.defaultLimit ?? {}) as { type?: unknown; requestCount?: Raw };
      const { requestCount: count, unitTime, timeUnit } = limit.requestCount ?? {};
      const unit = units[String(timeUnit as string).toLowerCase()];
      if (limit.type === 'BANDWIDTHLIMIT' || unit === undefined) {
        remarks.push(`the ${level} policy '${name}' is left out: it limits no number of requests`);
        return [];
      }
      if (Array.isArray(policy.conditionalGroups) && policy.conditionalGroups.length > 0) {
        remarks.push(`the conditions of the ${level} policy '${name}' are left out; its default limit holds for all`);
      }
      if (Number(policy.rateLimitCount) > 0) {
        remarks.push(`the burst control of the ${level} policy '${name}' is left out; its limit holds`);
      }
      ids.add(`${level}|${name}`);
      const passes = level === 'subscription' && policy.stopOnQuotaReach === false;
      return [{ [name]: { count, unitTime, timeUnit: unit, ...(passes && { stopOnQuota: false }) } }];
    });
  const yaml = stringify({
    resourcePolicies: of('resource'),
    applicationPolicies: of('application'),
    subscriptionPolicies: of('subscription'),
  });
  return {
    yaml: `# Written by 'postern pull'. These policies are stronger than those of ../policies.yaml.\n${yaml}`,
    ids,
    remarks,
  };
}
