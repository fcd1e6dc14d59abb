/** `x-wso2-transports`: over which of http and https an API may be called. */
import type { ProblemList } from '../adapters/openapi/problem-list.ts';
import type { Api } from '../core/api.ts';
import { pointer } from '../platform/yaml-source.ts';
import type { Raw } from './fields.ts';

/** @returns undefined = both */
export function readTransports(api: Raw, withCertificate: boolean, problems: ProblemList): Api['transports'] {
  const value = api['x-wso2-transports'];
  const place = pointer('x-wso2-transports');
  if (value === undefined) return undefined;
  const remedy = 'write a list of http, https or both';
  if (!Array.isArray(value) || value.length === 0) {
    problems.error(place, "'x-wso2-transports' is no list of transports", remedy);
    return undefined;
  }
  const transports = new Set<'http' | 'https'>();
  for (const [i, item] of value.entries()) {
    if (item === 'http' || item === 'https') transports.add(item);
    else problems.error(`${place}/${i}`, 'there is no such transport', remedy);
  }
  if (withCertificate && transports.size > 0 && !transports.has('https')) {
    problems.warn(place, 'https is added: client certificates are mandatory', 'add https to the list');
    transports.add('https');
  }
  return transports.size === 1 ? [...transports] : undefined;
}
