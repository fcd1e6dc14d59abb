/** The back ends of an API or operation, as its extensions say them. */
import type { ProblemList } from '../adapters/openapi/problem-list.ts';
import type { Endpoint, Endpoints } from '../core/api.ts';
import { trimSlashes } from '../platform/trim-slashes.ts';
import { pointer } from '../platform/yaml-source.ts';
import { Fields, type Raw, typeName } from './fields.ts';

const keys = { production: 'x-wso2-production-endpoints', sandbox: 'x-wso2-sandbox-endpoints' } as const;
const referencePrefix = '#/x-wso2-endpoints/';

/** Endpoints that are defined once and referred to by name, with the place of each. */
export type NamedEndpoints = ReadonlyMap<string, Endpoint | null>;

/** The list `x-wso2-endpoints` of an API. null = defined, but wrong, and said to be. */
export function readNamedEndpoints(api: Raw, problems: ProblemList): NamedEndpoints {
  const named = new Map<string, Endpoint | null>();
  const list = api['x-wso2-endpoints'];
  if (list === undefined) return named;
  const place = pointer('x-wso2-endpoints');
  const expected = "write a list; each entry is '- name:' and below it, indented further, its settings";
  if (!Array.isArray(list)) {
    problems.error(place, `'x-wso2-endpoints' is ${typeName(list)}`, expected);
    return named;
  }
  for (const [i, entry] of list.entries()) {
    const at = `${place}/${i}`;
    const isObject = typeof entry === 'object' && entry !== null && !Array.isArray(entry);
    const names = isObject ? Object.keys(entry as Raw) : [];
    if (names.length === 0) problems.error(at, 'this is no endpoint with a name', expected);
    for (const name of names) {
      if (named.has(name)) problems.error(at, `there are two endpoints '${name}'`, 'rename or remove one of them');
      else named.set(name, readEndpoint((entry as Raw)[name], `${at}${pointer(name)}`, name, problems));
    }
  }
  return named;
}

/**
 * @param owner the document, or an operation
 * @param name by which the configuration of a microgateway can replace those that have none of their own
 */
export function readEndpoints(
  owner: Raw,
  place: string,
  named: NamedEndpoints,
  name: string | null,
  problems: ProblemList,
): Endpoints {
  const of = (key: string): Endpoint | null => {
    const value = owner[key];
    const at = `${place}${pointer(key)}`;
    if (value === undefined) return null;
    return typeof value === 'string' ? refer(value, at, named, problems) : readEndpoint(value, at, name, problems);
  };
  const production = of(keys.production);
  const sandbox = of(keys.sandbox);
  return { ...(production && { production }), ...(sandbox && { sandbox }) };
}

/** Whether an owner says endpoints of its own, right or wrong. */
export function saysEndpoints(owner: Raw): boolean {
  return owner[keys.production] !== undefined || owner[keys.sandbox] !== undefined;
}

export function saysProduction(owner: Raw): boolean {
  return owner[keys.production] !== undefined;
}

/** The addresses of the definition's servers as a production endpoint. */
export function ofServers(servers: readonly string[], name: string): Endpoint | null {
  const [url, ...others] = servers;
  if (url === undefined) return null;
  return { name, url, ...(others.length > 0 && { others, type: 'load_balance' }) };
}

function refer(value: string, place: string, named: NamedEndpoints, problems: ProblemList): Endpoint | null {
  const name = value.startsWith(referencePrefix) ? value.slice(referencePrefix.length) : undefined;
  if (name !== undefined && named.has(name)) return named.get(name) ?? null;
  if (name === undefined) {
    problems.error(place, `'${value}' is no endpoint`, `write an object with urls, or '${referencePrefix}' and a name`);
    return null;
  }
  const meant = problems.suggest(name, named.keys());
  const remedy = meant ? `did you mean '${meant}'?` : `define it in the list x-wso2-endpoints at the top of the file`;
  problems.error(place, `there is no endpoint '${name}'`, remedy);
  return null;
}

function readEndpoint(value: unknown, place: string, name: string | null, problems: ProblemList): Endpoint | null {
  const fields = Fields.of(value, place, 'the endpoint', problems);
  if (!fields) return null;
  const urls = fields.strings('urls');
  const type = fields.choice('type', ['http', 'address', 'load_balance', 'failover']);
  const basic = readCredentials(fields, problems);
  const timeout = readAdvanced(fields, problems);
  fields.rest('warning');
  if (!fields.has('urls') || urls?.length === 0) {
    problems.error(place, 'the endpoint has no address', "add 'urls': a list of addresses");
  }
  const addresses = (urls ?? []).map((url, i) => readUrl(url, `${fields.at('urls')}/${i}`, problems));
  const [url, ...others] = addresses.filter((address) => address !== null);
  if (url === undefined || others.length + 1 < addresses.length) return null;
  if (others.length > 0 && (type === 'http' || type === 'address')) {
    const message = `an endpoint of the type '${type}' has one address, and this one has ${others.length + 1}`;
    problems.error(fields.at('type'), message, "write 'load_balance' or 'failover'");
  }
  return {
    ...(name !== null && { name }),
    url,
    ...(others.length > 0 && { others, type: type === 'failover' ? 'failover' : 'load_balance' }),
    ...(basic && { basic }),
    ...(timeout !== undefined && { timeout }),
  };
}

/** The address; null, with an error, for what is none. */
function readUrl(given: string, place: string, problems: ProblemList): string | null {
  let text = given.trim();
  const lookup = /^etcd\s*\((.*)\)$/s.exec(text);
  if (lookup) {
    const parts = (lookup[1] as string).split(',').map((part) => part.trim());
    if (parts.length !== 2 || parts.includes('')) {
      const remedy = 'write etcd(key, http://address.to.begin.with)';
      problems.error(place, `'${given}' has not exactly a key and an address in its parentheses`, remedy);
      return null;
    }
    text = parts[1] as string;
    problems.warn(
      place,
      `looking up endpoints in etcd is not built yet; '${text}' is always used`,
      'write it as address',
    );
  }
  const url = URL.parse(text);
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:') || !/^https?:\/\/[^/]/i.test(text)) {
    const isWebSocket = url?.protocol === 'ws:' || url?.protocol === 'wss:';
    const help = isWebSocket
      ? 'write http for ws and https for wss: a WebSocket begins as a request of HTTP'
      : 'write an absolute http or https URL';
    problems.error(place, `'${text.replace(/^.*@/s, '…@')}' is no address`, help);
    return null;
  }
  if (url.username !== '' || url.password !== '') {
    // The address is not repeated: it holds a password.
    problems.error(place, 'the address has credentials in it', "leave them out; use 'securityConfig'");
    return null;
  }
  if (url.hash !== '' || /\s/.test(text)) {
    problems.error(place, `'${text}' has a fragment or white space`, 'leave it out');
    return null;
  }
  return url.search === '' ? trimSlashes(text) : text;
}

function readCredentials(endpoint: Fields, problems: ProblemList): Endpoint['basic'] {
  const fields = endpoint.object('securityConfig');
  if (!fields) return undefined;
  const type = fields.string('type');
  const username = fields.string('username');
  if (type !== undefined && type.toLowerCase() !== 'basic') {
    problems.error(fields.at('type'), `back ends are not called with '${type}' credentials`, "write 'basic'");
  }
  if (fields.has('password')) {
    const remedy = 'leave it out; give it at the start as <name>_prod_basic_password or <name>_sand_basic_password';
    problems.error(fields.at('password'), 'a password of a back end is in the definition', remedy);
  }
  if (username === undefined || username === '') {
    problems.error(fields.place, 'the credentials have no user name', "add 'username'");
  }
  fields.rest('warning');
  return username ? { username, password: '' } : undefined;
}

const longest = 24 * 60 * 60 * 1000;

/** @returns the time limit in milliseconds. The rest of these settings has no effect yet. */
function readAdvanced(endpoint: Fields, problems: ProblemList): number | undefined {
  const fields = endpoint.object('advanceEndpointConfig');
  if (!fields) return undefined;
  const timeout = fields.integer('timeoutInMillis', 1, longest);
  const retry = fields.object('retryConfig');
  if (retry) {
    retry.integer('count', 0);
    retry.integer('intervalInMillis', 0, longest);
    retry.number('backOffFactor', 0, 1000);
    retry.integer('maxWaitIntervalInMillis', 0, longest);
    retry.integers('statusCodes', 100, 599);
    retry.rest('warning');
  }
  const breaker = fields.object('circuitBreaker');
  if (breaker) {
    const window = breaker.object('rollingWindow');
    window?.integer('requestVolumeThreshold', 0);
    window?.integer('timeWindowInMillis', 1, longest);
    window?.integer('bucketSizeInMillis', 1, longest);
    window?.rest('warning');
    breaker.number('failureThreshold', 0, 1);
    breaker.integer('resetTimeInMillis', 0, longest);
    breaker.integers('statusCodes', 100, 599);
    breaker.rest('warning');
  }
  const pool = fields.object('poolConfig');
  if (pool) {
    pool.integer('maxActiveConnections', -1);
    pool.integer('maxIdleConnections', 0);
    pool.integer('waitTimeInMillis', 0, longest);
    pool.integer('maxActiveStreamsPerConnection', -1);
    pool.rest('warning');
  }
  fields.rest('warning');
  for (const [key, given] of Object.entries({ retryConfig: retry, circuitBreaker: breaker, poolConfig: pool })) {
    if (given) problems.warn(given.place, `'${key}' has no effect yet`, 'nothing to do; a later version will heed it');
  }
  return timeout;
}
