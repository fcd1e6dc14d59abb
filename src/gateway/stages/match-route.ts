/** Which API, version and resource? The only stage before a resource is known, so the only one that isn't compiled. */
import { type Fault, fault, faults } from '../../core/faults.ts';
import { isNormal, normalizePath } from '../../core/normalize-path.ts';
import type { Exchange } from '../exchange.ts';
import type { LoadedApi, Routes, VerbRoutes } from '../routes.ts';
import { preflightMethod } from './answer-cors.ts';

export function matchRoute(x: Exchange, routes: Routes): Fault | undefined {
  const { target, method } = x.wire;
  const queryAt = target.indexOf('?');
  const sent = queryAt === -1 ? target : target.slice(0, queryAt);
  const path = isNormal(sent) ? sent : normalizePath(sent);
  if (path === null) {
    return fault(
      faults.malformedRequest,
      'The path has a dot segment, an encoded slash or backslash, or a malformed percent-encoding.',
    );
  }
  const found = routes.find(path);
  if (!found) return notFound(routes.apiAt(path));
  const { api } = found.api;
  // The API is known from here on: its CORS rules hold for the refusals below too.
  const asked = found.routes.get(method) ?? found.routes.get(preflightMethod(x, api.cors) ?? '');
  x.route = asked ?? (method === 'HEAD' ? found.routes.get('GET') : undefined) ?? null;
  if (x.route === null) {
    x.route = anyRoute(found.routes);
    return fault(faults.methodNotAllowed, undefined, [['allow', allowed(found.routes)]]);
  }
  if (api.status === 'BLOCKED') return fault(faults.apiBlocked);
  // What was decided on is what goes on: the normal form, not a spelling that the back end may read otherwise.
  const rest = path.slice(found.base);
  x.rest = queryAt === -1 ? rest : rest + target.slice(queryAt);
  return undefined;
}

function notFound(loaded: LoadedApi | null): Fault {
  if (!loaded) return fault(faults.notFound);
  const { name, version } = loaded.api;
  return fault(faults.notFound, `The API ${name} ${version} has no resource at this path.`);
}

function anyRoute(routes: VerbRoutes) {
  for (const route of routes.values()) return route;
  return null;
}

function allowed(routes: VerbRoutes): string {
  const verbs = [...routes.keys()];
  if (verbs.includes('GET') && !verbs.includes('HEAD')) verbs.push('HEAD');
  return verbs.join(', ');
}
