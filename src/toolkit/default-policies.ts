/** The `policies.yaml` of a new project: the policies that users of the original find in theirs. */
import { policyLists } from './read-policies.ts';

/** Requests a minute. */
const defaults: Readonly<Record<string, readonly (readonly [name: string, count: number])[]>> = {
  resourcePolicies: [
    ['50kPerMin', 50_000],
    ['20kPerMin', 20_000],
    ['10kPerMin', 10_000],
  ],
  applicationPolicies: [
    ['50PerMin', 50],
    ['20PerMin', 20],
    ['10PerMin', 10],
  ],
  subscriptionPolicies: [
    ['Gold', 5000],
    ['Silver', 2000],
    ['Bronze', 10],
    ['Unauthenticated', 500],
    ['Default', 500],
  ],
};

const introduction = `# Throttling policies: at most count requests in unitTime timeUnits (min, hour, day, week, month, year).
# stopOnQuota: false lets the requests beyond it pass. The name Unlimited stands for no limit.
#
# resourcePolicies: what x-wso2-throttling-tier of an API or operation names.
# applicationPolicies, subscriptionPolicies: what applications and subscriptions have.
`;

/** @param besides ids (`level|name`) of policies that are said elsewhere */
export function defaultPolicies(besides: ReadonlySet<string>): string {
  const lists = Object.entries(policyLists).map(([key, level]) => {
    const missing = (defaults[key] ?? []).filter(([name]) => !besides.has(`${level}|${name}`));
    const entries = missing.map(
      ([name, count]) => `  - ${name}:\n      count: ${count}\n      unitTime: 1\n      timeUnit: min\n`,
    );
    return `${key}:\n${entries.join('')}`;
  });
  return introduction + lists.join('');
}
