/** The extensions of OpenAPI that the toolkit knows, the levels where they may stand, and those without an effect. */
import type { ProblemList } from '../adapters/openapi/problem-list.ts';
import { nearest } from '../platform/config/nearest.ts';
import { pointer } from '../platform/yaml-source.ts';
import { Fields, type Raw, typeName } from './fields.ts';

/** At that of a path nothing may stand. */
type Level = 'API' | 'path' | 'operation';

const api: readonly Level[] = ['API'];
const both: readonly Level[] = ['API', 'operation'];

const known: Readonly<Record<string, readonly Level[]>> = {
  'x-wso2-basePath': api,
  'x-wso2-production-endpoints': both,
  'x-wso2-sandbox-endpoints': both,
  'x-wso2-endpoints': api,
  'x-wso2-request-interceptor': both,
  'x-wso2-response-interceptor': both,
  'x-wso2-throttling-tier': both,
  'x-wso2-cors': api,
  'x-wso2-disable-security': both,
  'x-wso2-application-security': both,
  'x-wso2-auth-header': api,
  'x-wso2-transports': api,
  'x-wso2-mutual-ssl': api,
  'x-wso2-response-cache': api,
  'x-wso2-owner': api,
};

/** Of these one at the wrong level is an error: the API would be more open than its author wrote. */
const closing: Readonly<Record<string, readonly Level[]>> = {
  'x-wso2-mutual-ssl': api,
  'x-wso2-transports': api,
  'x-wso2-application-security': both,
  'x-wso2-throttling-tier': both,
  'x-scope': ['operation'],
};

const prefix = 'x-wso2-';
/** Of the betas of 3.0. */
const oldPrefix = 'x-mgw-';

/** Finds extensions that are not known, or not at this level. */
export function checkExtensions(owner: Raw, place: string, level: Level, problems: ProblemList): void {
  for (const key of Object.keys(owner)) {
    const at = `${place}${pointer(key)}`;
    const levels = Object.hasOwn(known, key) ? known[key] : Object.hasOwn(closing, key) ? closing[key] : undefined;
    if (levels) {
      if (levels.includes(level)) continue;
      const remedy = `write it at the level of the ${levels.join(' or ')}`;
      if (Object.hasOwn(closing, key)) problems.error(at, `'${key}' may not stand here`, remedy);
      else problems.warn(at, `'${key}' has no effect here`, remedy);
    } else if (key.toLowerCase().startsWith(oldPrefix)) {
      const now = prefix + key.slice(oldPrefix.length);
      problems.warn(at, `'${key}' has no effect`, `it is called '${now}' now`);
    } else if (key.toLowerCase().startsWith(prefix)) {
      const meant = nearest(key, Object.keys(known));
      const remedy = meant ? `did you mean '${meant}'?` : `known are: ${Object.keys(known).join(', ')}`;
      problems.warn(at, `the extension '${key}' is not known and has no effect`, remedy);
    }
  }
}

/** Checks `x-wso2-response-cache`, which has no effect yet. */
export function checkResponseCache(owner: Raw, problems: ProblemList): void {
  const value = owner['x-wso2-response-cache'];
  if (value === undefined) return;
  const fields = Fields.of(value, pointer('x-wso2-response-cache'), "'x-wso2-response-cache'", problems);
  if (!fields) return;
  const isEnabled = fields.boolean('enabled');
  fields.integer('cacheTimeoutInSeconds', 0);
  fields.rest('warning');
  if (isEnabled) problems.warn(fields.place, 'answers are not cached yet', 'nothing to do; a later version will do it');
}

/**
 * Checks the interceptors of an API or operation, which are not called yet.
 *
 * @param functions that the project's `interceptors` folder defines
 */
export function checkInterceptors(
  owner: Raw,
  place: string,
  functions: ReadonlySet<string>,
  problems: ProblemList,
): void {
  for (const key of ['x-wso2-request-interceptor', 'x-wso2-response-interceptor']) {
    const name = owner[key];
    const at = `${place}${pointer(key)}`;
    if (name === undefined) continue;
    if (typeof name !== 'string' || name.trim() === '') {
      problems.error(at, `'${key}' is ${typeName(name)}`, 'write the name of a function');
      continue;
    }
    // Those of Java and of a library can't be looked up in the project.
    const isElsewhere = name.startsWith('java:') || name.includes('/');
    if (!isElsewhere && !functions.has(name)) {
      const meant = nearest(name, functions);
      const remedy = meant ? `did you mean '${meant}'?` : `define the function in a file of the folder 'interceptors'`;
      problems.error(at, `there is no interceptor '${name}' in the folder 'interceptors'`, remedy);
    } else {
      problems.warn(at, `the interceptor '${name}' is not called yet`, 'do what it does in the back end, or remove it');
    }
  }
}
