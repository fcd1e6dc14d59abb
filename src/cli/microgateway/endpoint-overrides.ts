/**
 * Addresses and credentials of back ends that are given at the start, in the place of the artifact's:
 * `<name>_prod_endpoint_0=URL`, `<name>_sand_basic_username=…`, as flags or in the environment. The name is that of the
 * endpoint in `x-wso2-endpoints`, or the id of the API for its own.
 */
import type { Api, Endpoint, Endpoints } from '../../core/api.ts';
import type { EntityChange } from '../../core/snapshot.ts';
import { ConfigError } from '../../platform/config/config-error.ts';

export interface EndpointOverride {
  /** As given: what an error begins with. */
  readonly where: string;
  readonly name: string;
  readonly keyType: 'production' | 'sandbox';
  readonly what: { readonly address: number } | 'username' | 'password';
  readonly value: string;
  /** In the environment a name that fits nothing may be somebody else's. */
  readonly isFlag: boolean;
}

const form = /^(.+)_(prod|sand)_(?:endpoint_(\d{1,3})|basic_(username|password))$/;

/** Whether a flag (`--shop_prod_endpoint_0=…`) is one of these rather than one of the configuration's. */
export function isEndpointOverride(flag: string): boolean {
  return form.test(/^--([^=]+)/.exec(flag)?.[1] ?? '');
}

/** @param flags of which each is `--name=value` */
export function readEndpointOverrides(
  flags: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): EndpointOverride[] {
  const given = [
    ...Object.entries(env).map(([name, value]) => ({ name, value, where: `environment ${name}`, isFlag: false })),
    ...flags.map((flag) => {
      const at = flag.indexOf('=');
      const name = flag.slice(2, at < 0 ? undefined : at);
      return { name, value: at < 0 ? '' : flag.slice(at + 1), where: `--${name}`, isFlag: true };
    }),
  ];
  return given.flatMap(({ name, value, where, isFlag }): EndpointOverride[] => {
    const [, of, type, index, credential] = form.exec(name) ?? [];
    if (of === undefined || value === undefined) return [];
    const what = index === undefined ? (credential as 'username' | 'password') : { address: Number(index) };
    return [{ where, name: of, keyType: type === 'prod' ? 'production' : 'sandbox', what, value, isFlag }];
  });
}

/**
 * The entities with what was given in its place. What is given as a flag goes before the environment.
 * @throws ConfigError for a name, a number or an address that can't be right, and for credentials without a password
 */
export function overrideEndpoints(
  entities: readonly EntityChange[],
  overrides: readonly EndpointOverride[],
): EntityChange[] {
  const problems: string[] = [];
  const used = new Set<EndpointOverride>();
  const names = new Set<string>();
  const replace = (endpoint: Endpoint, api: Api, keyType: EndpointOverride['keyType']): Endpoint => {
    const own = [api.id, ...(endpoint.name === undefined ? [] : [endpoint.name])];
    for (const name of own) names.add(name);
    let changed = endpoint;
    for (const override of overrides) {
      if (override.keyType !== keyType || !own.includes(override.name)) continue;
      used.add(override);
      const next = apply(changed, override);
      if (typeof next === 'string') problems.push(`${override.where}: ${next}`);
      else changed = next;
    }
    if (changed.basic?.password === '') {
      const name = endpoint.name ?? api.id;
      const prefix = `${name}_${keyType === 'production' ? 'prod' : 'sand'}_basic`;
      problems.push(`${api.name} ${api.version}: expected ${prefix}_password, as a flag or in the environment`);
    }
    return changed;
  };
  const replaceAll = (endpoints: Endpoints, api: Api): Endpoints => ({
    ...(endpoints.production && { production: replace(endpoints.production, api, 'production') }),
    ...(endpoints.sandbox && { sandbox: replace(endpoints.sandbox, api, 'sandbox') }),
  });
  const replaced = entities.map((entity): EntityChange => {
    if (entity.kind !== 'api' || entity.value === null) return entity;
    const api = entity.value;
    const resources = api.resources.map((resource) =>
      resource.endpoints ? { ...resource, endpoints: replaceAll(resource.endpoints, api) } : resource,
    );
    return { ...entity, value: { ...api, endpoints: replaceAll(api.endpoints, api), resources } };
  });
  for (const override of overrides) {
    if (used.has(override) || !override.isFlag) continue;
    problems.push(`${override.where}: no such endpoint; expected one of ${[...names].join(', ')}`);
  }
  if (problems.length > 0) throw new ConfigError([...new Set(problems)]);
  return replaced;
}

/** @returns what is wrong */
function apply(endpoint: Endpoint, { what, value }: EndpointOverride): Endpoint | string {
  if (what === 'username' || what === 'password') {
    return { ...endpoint, basic: { username: '', password: '', ...endpoint.basic, [what]: value } };
  }
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)) return 'expected an http or https address';
  const addresses = [endpoint.url, ...(endpoint.others ?? [])];
  if (what.address >= addresses.length) return `expected a number below ${addresses.length}, as many addresses it has`;
  const [url = '', ...others] = addresses.with(what.address, value);
  return { ...endpoint, url, ...(others.length > 0 && { others }) };
}
