/** The operations of a definition's `paths`. */
import { routeOf, templateProblem } from '../../core/path-template.ts';
import { pointer } from '../../platform/yaml-source.ts';
import { maxOperations, tooMany } from './limits.ts';
import type { OpenApiOperation } from './openapi-document.ts';
import type { ProblemList } from './problem-list.ts';
import { isObject, type Raw, type References } from './references.ts';

const verbs = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']);

/** @param names of the security schemes that are defined */
export function readOperations(
  root: Raw,
  references: References,
  names: ReadonlySet<string>,
  problems: ProblemList,
): OpenApiOperation[] {
  const { paths } = root;
  if (!isObject(paths)) {
    problems.error('/paths', 'the definition has no paths', "add an object 'paths' with the paths of the API");
    return [];
  }
  const { length } = Object.values(paths).flatMap((item) => Object.keys(isObject(item) ? item : {}).filter(isVerb));
  // Before anything else: reading many more of them takes long.
  if (length > maxOperations) return tooManyOperations(problems, `${length}`);
  const common = readSecurity(root.security, '/security', names, problems);
  const operations: OpenApiOperation[] = [];
  const byRoute = new Map<string, string>();
  for (const [path, value] of Object.entries(paths)) {
    if (path.startsWith('x-')) continue;
    const place = pointer('paths', path);
    if (!checkPath(path, place, problems) || value === null) continue;
    const item = references.object(value, place, `the path '${path}'`);
    if (!item) continue;
    for (const [key, operation] of Object.entries(item)) {
      if (!isVerb(key)) continue;
      const verb = key.toLowerCase();
      const at = `${place}${pointer(key)}`;
      if (key !== verb) {
        problems.error(at, `the verb '${key}' is in capitals`, `write '${verb}'`);
        continue;
      }
      const raw = references.object(operation, at, `the operation ${verb.toUpperCase()} ${path}`);
      if (!raw) continue;
      const name = `${verb.toUpperCase()} ${path}`;
      const route = `${verb} ${routeOf(path)}`;
      const same = byRoute.get(route);
      if (same !== undefined) {
        problems.error(at, `${name} and ${same} are the same calls`, 'leave one of them out');
        continue;
      }
      byRoute.set(route, name);
      // Paths that are written once can be referred to often.
      if (operations.length === maxOperations) return tooManyOperations(problems, `more than ${maxOperations}`);
      const own = readSecurity(raw.security, `${at}/security`, names, problems);
      operations.push({
        path,
        verb: verb.toUpperCase(),
        pointer: at,
        raw: resolved(raw, item.parameters, references),
        security: own ?? common,
      });
    }
  }
  return operations;
}

function isVerb(key: string): boolean {
  return verbs.has(key.toLowerCase());
}

function tooManyOperations(problems: ProblemList, count: string): [] {
  problems.error('/paths', tooMany(count, 'operations', maxOperations), 'split it into several APIs');
  return [];
}

function checkPath(path: string, place: string, problems: ProblemList): boolean {
  const wrong = templateProblem(path);
  if (wrong) problems.error(place, wrong.message, wrong.remedy);
  return !wrong;
}

/** null = nothing is said. */
function readSecurity(
  value: unknown,
  place: string,
  names: ReadonlySet<string>,
  problems: ProblemList,
): OpenApiOperation['security'] {
  if (value === undefined || value === null) return null;
  const expected = 'write a list of objects, each with names of security schemes and lists of their scopes';
  if (!Array.isArray(value)) {
    problems.error(place, 'the security requirements are no list', expected);
    return null;
  }
  const alternatives: Record<string, readonly string[]>[] = [];
  for (const [i, entry] of value.entries()) {
    const at = `${place}/${i}`;
    if (!isObject(entry)) {
      problems.error(at, 'a security requirement is no object', expected);
      continue;
    }
    const alternative: Record<string, readonly string[]> = {};
    for (const [name, scopes] of Object.entries(entry)) {
      const here = `${at}${pointer(name)}`;
      if (!names.has(name)) {
        const remedy = `define it, or use one of: ${[...names].join(', ') || '(none is defined)'}`;
        problems.error(here, `the security scheme '${name}' is not defined`, remedy);
      } else if (!isList(scopes)) {
        problems.error(here, `the scopes of '${name}' are no list of names`, 'write a list of names, [] for none');
      } else alternative[name] = scopes;
    }
    alternatives.push(alternative);
  }
  return alternatives;
}

function isList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** With the parameters of the path, and with what its references stand for. */
function resolved(raw: Raw, ofPath: unknown, references: References): Raw {
  const parameters = [...list(raw.parameters), ...list(ofPath)].map((parameter) => references.soft(parameter));
  const seen = new Set<string>();
  const distinct = parameters.filter((parameter) => {
    if (!isObject(parameter)) return false;
    const key = `${parameter.in} ${parameter.name}`;
    return !seen.has(key) && seen.add(key);
  });
  const { requestBody, responses } = raw;
  return {
    ...raw,
    ...(distinct.length > 0 && { parameters: distinct }),
    ...(requestBody !== undefined && { requestBody: references.soft(requestBody) }),
    ...(isObject(responses) && {
      responses: Object.fromEntries(Object.entries(responses).map(([code, value]) => [code, references.soft(value)])),
    }),
  };
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
