/** What is wrong with an endpoint configuration; and the form in which it is kept. */
import type { ConfiguredEndpoint, EndpointConfig } from '../../../core/catalog-api.ts';
import { endpointList } from '../../../core/deployed-api.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { refuseManyValues, refuseTooMany } from '../../rest/bounds.ts';
import { withoutSilence } from '../../rest/without-silence.ts';

const lists = ['production_endpoints', 'sandbox_endpoints', 'production_failovers', 'sandbox_failovers'] as const;
const types = ['http', 'address', 'load_balance', 'failover'];
const later = ['default', 'Registry', 'awslambda', 'dynamic', 'ws'];

/**
 * An object, or JSON text of one; addresses that are empty are left out.
 * @throws RestError 400 when it is neither, 501 for kinds of endpoints that are not built yet
 */
export function readEndpointConfig(given: unknown): EndpointConfig | null {
  const value = typeof given === 'string' ? parse(given) : given;
  if (value === undefined || value === null) return null;
  if (typeof value !== 'object' || Array.isArray(value)) throw wrongForm();
  // Credentials have a place of their own (`endpointCredentials`): here they would be kept as they were written.
  const { endpoint_security: _, ...config } = value as Record<string, unknown>;
  if (Object.keys(config).length === 0) return null;
  const { endpoint_type: type } = config;
  if (type !== undefined && typeof type !== 'string') {
    throw new RestError(400, `endpointConfig: endpoint_type: expected one of ${types.join(', ')}.`);
  }
  if (type !== undefined && later.includes(type)) {
    const help = type === 'ws' ? ' A WebSocket goes by one of the type http, with an http or https URL.' : '';
    throw new RestError(501, `Endpoints of the type ${type} are not built yet; expected ${types.join(', ')}.${help}`);
  }
  for (const name of lists) {
    if (config[name] === undefined) continue;
    const kept = endpoints(config[name], name);
    refuseTooMany(`endpointConfig: ${name}`, name, kept.length);
    if (kept.length === 0) delete config[name];
    else config[name] = Array.isArray(config[name]) ? kept : kept[0];
  }
  return config as EndpointConfig;
}

export function endpointProblems(config: EndpointConfig | null): string[] {
  if (!config) return [];
  const problems: string[] = [];
  const { endpoint_type: type } = config;
  if (type !== undefined && !types.includes(type)) {
    problems.push(`endpointConfig: unknown endpoint_type "${type}"; expected one of ${types.join(', ')}`);
  }
  for (const name of lists) {
    for (const { url } of endpointList(config[name])) {
      const parsed = URL.canParse(url) ? new URL(url) : null;
      if (parsed?.protocol === 'ws:' || parsed?.protocol === 'wss:') {
        problems.push(
          `endpointConfig: ${name}: "${url}": expected http for ws and https for wss; a WebSocket begins as a request of HTTP`,
        );
      } else if (!parsed || !/^https?:\/\/[^/]/i.test(url)) {
        problems.push(`endpointConfig: ${name}: "${url}" is no absolute http or https URL`);
      } else if (parsed.username !== '' || parsed.password !== '') {
        problems.push(`endpointConfig: ${name}: expected no credentials in the URL; endpointSecurity is for them`);
      } else if (parsed.search !== '' || parsed.hash !== '') {
        problems.push(
          `endpointConfig: ${name}: "${url}": expected neither query nor fragment, as paths are appended to it`,
        );
      }
    }
  }
  return problems;
}

/** Those that say an address. */
function endpoints(given: unknown, name: string): ConfiguredEndpoint[] {
  const list: unknown[] = Array.isArray(given) ? given : [given];
  return list.flatMap((one) => {
    if (one === null || one === '') return [];
    const { url } = Object(one) as { url?: unknown };
    if (typeof one !== 'object' || Array.isArray(one) || (url !== undefined && typeof url !== 'string')) {
      throw new RestError(400, `endpointConfig: ${name}: expected {"url": "https://…"}.`);
    }
    return url === undefined || url === '' ? [] : [one as ConfiguredEndpoint];
  });
}

function parse(text: string): unknown {
  if (text === '') return null;
  refuseManyValues(text);
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw wrongForm();
  }
  return withoutSilence(given, 'endpointConfig');
}

const wrongForm = (): RestError =>
  new RestError(
    400,
    'endpointConfig: expected an object such as {"endpoint_type":"http","production_endpoints":{"url":"https://…"}}.',
  );
