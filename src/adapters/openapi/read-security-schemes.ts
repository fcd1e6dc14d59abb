/** The security schemes of a definition; those of OpenAPI 2 in the form of OpenAPI 3. */
import { pointer } from '../../platform/yaml-source.ts';
import type { OpenApiSecurityScheme } from './openapi-document.ts';
import type { ProblemList } from './problem-list.ts';
import { isObject, type Raw, type References } from './references.ts';

type Scope = OpenApiSecurityScheme['scopes'][number];

const types = ['oauth2', 'http', 'apiKey', 'openIdConnect', 'mutualTLS'] as const;
const places = ['header', 'query', 'cookie'] as const;

export function readSecuritySchemes(root: Raw, references: References, problems: ProblemList): OpenApiSecurityScheme[] {
  const inComponents = root.openapi !== undefined;
  const container = inComponents
    ? isObject(root.components)
      ? root.components.securitySchemes
      : undefined
    : root.securityDefinitions;
  const base = inComponents ? '/components/securitySchemes' : '/securityDefinitions';
  if (container === undefined || container === null) return [];
  if (!isObject(container)) {
    problems.error(base, 'the security schemes are no object', 'write an object of schemes by name');
    return [];
  }
  const schemes: OpenApiSecurityScheme[] = [];
  for (const [name, value] of Object.entries(container)) {
    const place = `${base}${pointer(name)}`;
    const raw = references.object(value, place, `the security scheme '${name}'`);
    const scheme = raw && readScheme(name, raw, place, problems);
    if (scheme) schemes.push(scheme);
  }
  return schemes;
}

function readScheme(name: string, raw: Raw, place: string, problems: ProblemList): OpenApiSecurityScheme | null {
  const type = raw.type === 'basic' ? 'http' : types.find((known) => known === raw.type);
  if (!type) {
    const message = `the security scheme '${name}' has no type that is known`;
    problems.error(place, message, `let 'type' be one of: ${types.join(', ')} (OpenAPI 2: basic, apiKey, oauth2)`);
    return null;
  }
  const scopes = type === 'oauth2' ? readScopes(raw, place, problems) : [];
  if (type === 'http') {
    const scheme = raw.type === 'basic' ? 'basic' : raw.scheme;
    if (typeof scheme === 'string' && scheme !== '') return { name, type, scheme: scheme.toLowerCase(), scopes };
    problems.error(place, `the security scheme '${name}' says no 'scheme'`, "add it: 'basic' or 'bearer'");
    return null;
  }
  if (type === 'apiKey') {
    const where = places.find((known) => known === raw.in);
    if (where && typeof raw.name === 'string' && raw.name !== '') {
      return { name, type, in: where, parameter: raw.name, scopes };
    }
    const message = `the security scheme '${name}' doesn't say where the key is`;
    problems.error(place, message, "add 'in' (header, query or cookie) and 'name'");
    return null;
  }
  return { name, type, scopes };
}

/** OpenAPI 3 has them in each flow, OpenAPI 2 in the scheme itself; the same scope in two flows is one. */
function readScopes(raw: Raw, place: string, problems: ProblemList): Scope[] {
  const flows = isObject(raw.flows) ? Object.values(raw.flows).filter(isObject) : [];
  const scopes = new Map<string, Scope>();
  for (const flow of [raw, ...flows]) {
    if (flow.scopes !== undefined && flow.scopes !== null && !isObject(flow.scopes)) {
      problems.error(place, 'the scopes are no object', 'write an object of descriptions by name');
      continue;
    }
    const bindings = isObject(flow['x-scopes-bindings']) ? flow['x-scopes-bindings'] : {};
    for (const [name, description] of Object.entries(flow.scopes ?? {})) {
      scopes.set(name, {
        name,
        description: typeof description === 'string' ? description : '',
        roles: Object.hasOwn(bindings, name) ? rolesOf(bindings[name]) : [],
      });
    }
  }
  return [...scopes.values()];
}

/** `admin,Internal/creator` or a list. */
function rolesOf(value: unknown): string[] {
  const names: unknown[] = typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [];
  return names.map((name) => String(name).trim()).filter((name) => name !== '');
}
