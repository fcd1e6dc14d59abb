/** `policies.yaml`: the throttling policies that a project's APIs and their subscribers can have. */
import type { Problem } from '../adapters/openapi/openapi-document.ts';
import { ProblemList } from '../adapters/openapi/problem-list.ts';
import { type Policy, type PolicyLevel, unlimited } from '../core/policy.ts';
import { nearest } from '../platform/config/nearest.ts';
import { pointer, readYaml } from '../platform/yaml-source.ts';
import { Fields, type Raw, typeName } from './fields.ts';

/** Top-level keys of the file. */
export const policyLists: Readonly<Record<string, PolicyLevel>> = {
  resourcePolicies: 'resource',
  applicationPolicies: 'application',
  subscriptionPolicies: 'subscription',
};

const minute = 60_000;
const day = 24 * 60 * minute;
const units = { min: minute, hour: 60 * minute, day, week: 7 * day, month: 30 * day, year: 365 * day } as const;

/** As many requests as stand for no limit. */
const boundless = 2 ** 31 - 1;
/** Windows beyond two years are not counted. */
const longestWindow = 2 * units.year;

export interface ReadPolicies {
  readonly policies: Policy[];
  /** `level|name` of all that are written there, those that are wrong included. */
  readonly ids: ReadonlySet<string>;
  readonly problems: readonly Problem[];
}

/** @param file name of it, as problems name it */
export function readPolicies(text: string, file: string): ReadPolicies {
  const { source, problems: found } = readYaml(text);
  const problems = new ProblemList(file, source);
  for (const { place, position, message, remedy } of found) problems.error(place, message, remedy, position);
  const policies: Policy[] = [];
  const ids = new Set<string>();
  // A file without content defines nothing.
  if (!source || source.value === null) return { policies, ids, problems: problems.all };
  if (Fields.of(source.value, '', 'the policies file', problems)) {
    for (const [key, list] of Object.entries(source.value as Raw)) readList(key, list, { policies, ids }, problems);
  }
  return { policies, ids, problems: problems.all };
}

function readList(
  key: string,
  list: unknown,
  { policies, ids }: { policies: Policy[]; ids: Set<string> },
  problems: ProblemList,
): void {
  const place = pointer(key);
  const level = Object.hasOwn(policyLists, key) ? policyLists[key] : undefined;
  if (!level) {
    const meant = nearest(key, Object.keys(policyLists));
    const remedy = meant ? `did you mean '${meant}'?` : `known are: ${Object.keys(policyLists).join(', ')}`;
    problems.error(place, `there are no policies called '${key}'`, remedy);
    return;
  }
  if (list === null) return;
  if (!Array.isArray(list)) {
    problems.error(place, `'${key}' is ${typeName(list)}`, 'write a list of policies');
    return;
  }
  const names = new Set<string>();
  for (const [i, entry] of list.entries()) {
    const at = `${place}/${i}`;
    const keys = typeof entry === 'object' && entry !== null && !Array.isArray(entry) ? Object.keys(entry) : [];
    const [name] = keys;
    if (name === undefined || keys.length > 1) {
      const remedy = "write '- Name:' and below it, indented further, count, unitTime and timeUnit";
      problems.error(at, `entry ${i + 1} of '${key}' is no single policy by its name`, remedy);
      continue;
    }
    if (names.has(name)) {
      problems.error(at, `'${key}' has two policies '${name}'`, 'rename or remove one of them');
      continue;
    }
    names.add(name);
    ids.add(`${level}|${name}`);
    const policy = readPolicy(level, name, (entry as Raw)[name], `${at}${pointer(name)}`, problems);
    if (policy) policies.push(policy);
  }
}

function readPolicy(
  level: PolicyLevel,
  name: string,
  value: unknown,
  place: string,
  problems: ProblemList,
): Policy | null {
  const what = `the policy '${name}'`;
  const fields = Fields.of(value, place, what, problems);
  if (!fields) return null;
  for (const key of ['count', 'unitTime', 'timeUnit']) {
    if (!fields.has(key)) problems.error(place, `${what} has no '${key}'`, 'a policy has count, unitTime and timeUnit');
  }
  const count = fields.integer('count', 1, boundless);
  const unitTime = fields.integer('unitTime', 1);
  const timeUnit = fields.choice('timeUnit', Object.keys(units) as (keyof typeof units)[]);
  const stopOnQuota = fields.boolean('stopOnQuota') ?? true;
  fields.rest('error');
  if (count === undefined || unitTime === undefined || timeUnit === undefined) return null;
  if (name === unlimited) {
    if (count === boundless) return { level, name, limit: null, stopOnQuota };
    const remedy = `choose another name, or write count: ${boundless}`;
    problems.error(place, `'${unlimited}' stands for no limit, and here it has one`, remedy);
    return null;
  }
  const windowMs = unitTime * units[timeUnit];
  if (windowMs > longestWindow) {
    problems.error(fields.at('unitTime'), `the time of ${what} is longer than two years`, 'write a shorter one');
    return null;
  }
  return { level, name, limit: { count, windowMs }, stopOnQuota };
}
