/** Where an API is served: `x-wso2-basePath`, or else the path of the definition's first server. */
import type { OpenApiDocument } from '../adapters/openapi/openapi-document.ts';
import type { ProblemList } from '../adapters/openapi/problem-list.ts';
import type { Api } from '../core/api.ts';
import { trimSlashes } from '../platform/trim-slashes.ts';
import { pointer } from '../platform/yaml-source.ts';

/** Paths of the gateway itself. */
const taken = ['/token', '/revoke', '/authorize', '/userinfo', '/apikey', '/health'];

/** @returns null, with an error, for what is no path */
export function readBasePath(document: OpenApiDocument, problems: ProblemList): string | null {
  const given = document.raw['x-wso2-basePath'];
  const place = pointer('x-wso2-basePath');
  if (given === undefined) {
    const base = checked(document.basePath, document.openapi.startsWith('2') ? '/basePath' : '/servers/0', problems);
    if (base === '') problems.warn('', "the API has no base path, '/' is taken", "add 'x-wso2-basePath'");
    return base;
  }
  if (typeof given !== 'string' || !given.startsWith('/')) {
    problems.error(place, "'x-wso2-basePath' is no path", "write a path that begins with a slash, '/orders/{version}'");
    return null;
  }
  return checked(trimSlashes(given.replaceAll('{version}', document.version)), place, problems);
}

/** Context and version where the base path is made of them, so that it is what a control plane says of the API. */
export function contextOf(basePath: string, version: string): Pick<Api, 'context' | 'basePath'> {
  const context = basePath.slice(0, -version.length - 1);
  return basePath.endsWith(`/${version}`) && context !== '' ? { context } : { context: basePath, basePath };
}

function checked(path: string, place: string, problems: ProblemList): string | null {
  const remedy = 'write a plain path without parameters, query, empty segments and dots, as /orders/v1';
  const segments = path.split('/').slice(1);
  const isPlain = segments.every((segment) => segment !== '' && segment !== '.' && segment !== '..');
  if (!isPlain || !/^[\w\-.~!$&'()*+,=:@/]*$/.test(path)) {
    problems.error(place, `the base path '${path}' can't be routed`, remedy);
    return null;
  }
  const clash = taken.find((own) => path === own || path.startsWith(`${own}/`));
  if (clash) {
    problems.error(place, `the base path '${path}' is one of the gateway's own`, `choose one outside '${clash}'`);
    return null;
  }
  return path;
}
