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

/**
 * Of these one that is misspelt, or at a level where it can't stand, is an error: the API would be more open than its
 * author wrote.
 */
const closing: Readonly<Record<string, { readonly levels: readonly Level[]; readonly purpose: string }>> = {
  'x-wso2-mutual-ssl': { levels: api, purpose: 'say who may call' },
  'x-wso2-transports': { levels: api, purpose: 'say whether it is called by http or https' },
  'x-wso2-application-security': { levels: both, purpose: 'say who may call' },
  'x-wso2-disable-security': { levels: both, purpose: 'say who may call' },
  'x-wso2-throttling-tier': { levels: both, purpose: 'limit how often it is called' },
  'x-wso2-request-interceptor': { levels: both, purpose: 'see requests before the back end does' },
  'x-throttling-tier': { levels: both, purpose: 'limit how often it is called' },
  'x-auth-type': { levels: ['operation'], purpose: 'say who may call' },
  'x-scope': { levels: ['operation'], purpose: 'say who may call' },
  security: { levels: both, purpose: 'say who may call' },
};

const knownNames = Object.keys(known);
const closingBySpelling = new Map(Object.keys(closing).map((name) => [spelling(name), name]));

const prefix = 'x-wso2-';
/** Of the betas of 3.0. */
const oldPrefix = /^x[-_]?mgw[-_]?/i;

/** Finds extensions that are not known, or not at this level. */
export function checkExtensions(owner: Raw, place: string, level: Level, problems: ProblemList): void {
  for (const key of Object.keys(owner)) {
    const at = `${place}${pointer(key)}`;
    const closes = Object.hasOwn(closing, key) ? closing[key] : undefined;
    const levels = Object.hasOwn(known, key) ? known[key] : closes?.levels;
    if (!levels) {
      checkSpelling(key, at, problems);
      continue;
    }
    if (levels.includes(level)) continue;
    const remedy = `write it at the level of the ${levels.join(' or ')}`;
    if (closes) problems.error(at, `'${key}' may not stand here`, remedy);
    else problems.warn(at, `'${key}' has no effect here`, remedy);
  }
}

function checkSpelling(key: string, at: string, problems: ProblemList): void {
  const isOld = oldPrefix.test(key);
  const isOurs = isOld || spelling(key).startsWith('xwso2');
  const now = key.replace(oldPrefix, prefix);
  // However much is wrong: that one of them closes may not be missed.
  const meant = closingBySpelling.get(spelling(now)) ?? (isOurs ? nearest(now, knownNames) : undefined);
  const closes = meant !== undefined && Object.hasOwn(closing, meant) ? closing[meant] : undefined;
  if (closes) {
    const message = `'${key}' has no effect, and '${meant}' would ${closes.purpose}`;
    problems.error(at, message, `write '${meant}', or leave it out`);
  } else if (isOld) {
    problems.warn(at, `'${key}' has no effect`, `it is called '${meant ?? now}' now`);
  } else if (isOurs) {
    const remedy = meant ? `did you mean '${meant}'?` : `known are: ${knownNames.join(', ')}`;
    problems.warn(at, `the extension '${key}' is not known and has no effect`, remedy);
  }
}

/** The same for names that differ in capitals, hyphens and underscores only. */
function spelling(key: string): string {
  return key.toLowerCase().replace(/[-_]/g, '');
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
 * Checks the interceptors of an API or operation, which are not called yet. One of requests is an error: it may be what
 * keeps callers out.
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
    if (key === 'x-wso2-request-interceptor') {
      const message = 'interceptors are not called yet, and one of requests may refuse callers';
      problems.error(at, message, 'leave it out, and check in the back end what it checks');
      continue;
    }
    if (typeof name !== 'string' || name.trim() === '') {
      problems.error(at, `'${key}' is ${typeName(name)}`, 'write the name of a function');
      continue;
    }
    // Those of Java and of a library can't be looked up in the project.
    const isElsewhere = name.startsWith('java:') || name.includes('/');
    if (!isElsewhere && !functions.has(name)) {
      const meant = problems.suggest(name, functions);
      const remedy = meant ? `did you mean '${meant}'?` : `define the function in a file of the folder 'interceptors'`;
      problems.error(at, `there is no interceptor '${name}' in the folder 'interceptors'`, remedy);
    } else {
      problems.warn(at, `the interceptor '${name}' is not called yet`, 'do what it does in the back end, or remove it');
    }
  }
}
