/** Where a definition says that the API is: addresses and the path below which they have it. */
import { trimSlashes } from '../../platform/trim-slashes.ts';
import type { ProblemList } from './problem-list.ts';
import { isObject, type Raw } from './references.ts';

export interface Servers {
  readonly servers: readonly string[];
  readonly basePath: string;
}

export function readServers(root: Raw, problems: ProblemList): Servers {
  return root.openapi === undefined ? ofOpenApi2(root, problems) : ofOpenApi3(root, problems);
}

function ofOpenApi3(root: Raw, problems: ProblemList): Servers {
  if (root.servers === undefined || root.servers === null) return { servers: [], basePath: '' };
  if (!Array.isArray(root.servers)) {
    problems.error('/servers', 'the servers are no list', "write a list of objects with a 'url'");
    return { servers: [], basePath: '' };
  }
  const servers: string[] = [];
  let basePath: string | null = null;
  for (const [i, entry] of root.servers.entries()) {
    const place = `/servers/${i}`;
    if (!isObject(entry) || typeof entry.url !== 'string') {
      problems.error(place, "a server has no 'url'", 'add its address');
      continue;
    }
    const url = withDefaults(entry.url.trim(), entry.variables, place, problems);
    // `/` is what a document without servers means: nothing is said.
    if (url === null || url === '/' || url === '') continue;
    if (url.startsWith('/') && !url.startsWith('//')) {
      basePath ??= trimSlashes(url);
      continue;
    }
    const parsed = URL.parse(url);
    if (!parsed) {
      problems.error(
        place,
        `'${url.replace(/^.*@/s, '…@')}' is no address`,
        'write an absolute URL, or a path that begins with a slash',
      );
    } else if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
      const message = `the server '${url}' is left out: it is reached by ${parsed.protocol.slice(0, -1)}`;
      problems.warn(place, message, 'use an http or https address');
    } else if (parsed.username !== '' || parsed.password !== '') {
      // The address is not repeated: it holds a password.
      problems.error(place, 'the address of the server has credentials in it', 'leave them out');
    } else {
      servers.push(trimSlashes(url));
      basePath ??= trimSlashes(parsed.pathname);
    }
  }
  return { servers, basePath: basePath ?? '' };
}

/** The address with each `{variable}` replaced; null if one has no value. */
function withDefaults(url: string, variables: unknown, place: string, problems: ProblemList): string | null {
  let isComplete = true;
  const complete = url.replace(/\{([^{}]*)\}/g, (whole, name: string) => {
    const variable = isObject(variables) && Object.hasOwn(variables, name) ? variables[name] : undefined;
    const value = isObject(variable) ? variable.default : undefined;
    if (typeof value === 'string' || typeof value === 'number') return String(value);
    const message = `the server '${url}' is left out: its variable ${whole} has no default`;
    problems.warn(place, message, `add variables.${name}.default`);
    isComplete = false;
    return whole;
  });
  return isComplete ? complete : null;
}

function ofOpenApi2(root: Raw, problems: ProblemList): Servers {
  const text = (name: string): string => {
    const value = root[name];
    if (value === undefined || value === null) return '';
    if (typeof value === 'string') return value.trim();
    problems.error(`/${name}`, `'${name}' is no text`, 'write it as the OpenAPI specification says');
    return '';
  };
  const path = text('basePath');
  if (path !== '' && !path.startsWith('/')) {
    problems.error('/basePath', `the base path '${path}' doesn't begin with a slash`, `write '/${path}'`);
  }
  const basePath = trimSlashes(path);
  const host = text('host');
  if (host === '') return { servers: [], basePath };
  const schemes: unknown[] = Array.isArray(root.schemes) ? root.schemes : [];
  // One address, not one for each scheme: they are the same server. Nothing said: not in the clear.
  const scheme = schemes.includes('https') || !schemes.includes('http') ? 'https' : 'http';
  const url = `${scheme}://${host}${basePath}`;
  const parsed = URL.parse(url);
  if (!parsed || parsed.host === '' || parsed.username !== '' || /[/?#]/.test(host)) {
    problems.error('/host', `'${host}' is no host`, 'write a name or address, with a port if it is not the usual one');
    return { servers: [], basePath };
  }
  if (schemes.length === 0) {
    problems.warn('/host', `the definition doesn't say how '${host}' is reached; https is taken`, "add 'schemes'");
  }
  return { servers: [url], basePath };
}
