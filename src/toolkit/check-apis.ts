/** What only shows when all APIs of a project are looked at: the same API or path twice, tiers that no file defines. */
import type { Problem } from '../adapters/openapi/openapi-document.ts';
import { ProblemList } from '../adapters/openapi/problem-list.ts';
import { unlimited } from '../core/policy.ts';
import type { MadeApi } from './make-api.ts';

/** @param policies `level|name` of each; one that is there and wrong is not missing */
export function checkApis(apis: readonly MadeApi[], policies: ReadonlySet<string>): readonly Problem[] {
  const found: Problem[] = [];
  const seen = new Map<string, string>();
  const tiers = new Set(
    [...policies].filter((id) => id.startsWith('resource|')).map((id) => id.slice('resource|'.length)),
  );
  const hasUnauthenticated = policies.has('subscription|Unauthenticated');
  for (const made of apis) {
    const { file, source } = made.definition;
    const problems = new ProblemList(file, source);
    const { name, version, id } = made.api;
    const once = (key: string, place: string, what: string, remedy: string): boolean => {
      const other = seen.get(key);
      seen.set(key, other ?? file);
      if (other !== undefined) problems.error(place, `${what} is also in ${other}`, remedy);
      return other === undefined;
    };
    once(
      `api ${JSON.stringify([name, version])}`,
      '/info',
      `the API '${name}' ${version}`,
      'change one title or version',
    ) && once(`id ${id}`, '', `the API with the id ${id}`, 'remove one of the two');
    const place = made.definition.document.raw['x-wso2-basePath'] === undefined ? '/servers' : '/x-wso2-basePath';
    once(`path ${made.basePath}`, place, `the base path '${made.basePath || '/'}'`, "change one 'x-wso2-basePath'");
    checkTiers(made, tiers, problems);
    if (!hasUnauthenticated && made.api.resources.some(({ authType }) => authType === 'None')) {
      const message =
        "the API has operations without security, and no file defines the subscription policy 'Unauthenticated'";
      problems.warn(
        '',
        `${message}: they answer 500 with code 900809`,
        "add it to 'subscriptionPolicies' in policies.yaml",
      );
    }
    for (const one of problems.all) found.push(one);
  }
  return found;
}

function checkTiers({ api, definition }: MadeApi, tiers: ReadonlySet<string>, problems: ProblemList): void {
  const missing = (tier: string | undefined): tier is string =>
    tier !== undefined && tier !== unlimited && !tiers.has(tier);
  const warn = (tier: string, place: string): void => {
    const meant = problems.suggest(tier, tiers);
    const remedy = `${meant ? `did you mean '${meant}'? or ` : ''}add it to 'resourcePolicies' in policies.yaml`;
    problems.warn(place, `no file defines the tier '${tier}': calls are answered 500 with code 900809`, remedy);
  };
  if (missing(api.tier)) warn(api.tier, '/x-wso2-throttling-tier');
  const operations = new Map(definition.document.operations.map((known) => [`${known.verb} ${known.path}`, known]));
  for (const { path, verb, tier } of api.resources) {
    if (!missing(tier)) continue;
    const operation = operations.get(`${verb} ${path}`);
    const key = operation?.raw['x-throttling-tier'] === undefined ? 'x-wso2-throttling-tier' : 'x-throttling-tier';
    warn(tier, `${operation?.pointer ?? ''}/${key}`);
  }
}
