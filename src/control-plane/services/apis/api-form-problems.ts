/** What is wrong with an API by itself, without looking at anything else. */
import { verbs } from '../../../core/api.ts';
import type { CatalogApi, CatalogOperation } from '../../../core/catalog-api.ts';
import { hasHiddenCharacters, hiddenCharacters } from '../../../core/hidden-characters.ts';
import { routeOf, templateProblem } from '../../../core/path-template.ts';
import { restScopes } from '../../../core/rest-scopes.ts';
import { applicationScope, defaultScope } from '../../../core/token.ts';
import type { ErrorItem } from '../../../platform/rest-error.ts';
import { mostErrors } from '../../rest/bounds.ts';
import { endpointProblems } from '../endpoints/endpoint-problems.ts';

/** Paths of the gateway itself. */
const gatewayPaths = new Set(['/token', '/revoke', '/authorize', '/userinfo']);

const schemes = [
  'oauth2',
  'basic_auth',
  'api_key',
  'mutualssl',
  'oauth_basic_auth_api_key_mandatory',
  'mutualssl_mandatory',
];

/** But for its operations and scopes. */
export function formProblems(api: CatalogApi): ErrorItem[] {
  return itemsOf(
    [...nameProblems(api), ...accessProblems(api), ...staleProblems(api)].concat(endpointProblems(api.endpointConfig)),
  );
}

export function operationProblems(given: Pick<CatalogApi, 'operations' | 'scopes'>): ErrorItem[] {
  return itemsOf([...problemsOfOperations(given), ...problemsOfScopes(given)]);
}

function itemsOf(messages: readonly string[]): ErrorItem[] {
  return messages.slice(0, mostErrors).map((message) => ({ code: message.slice(0, message.indexOf(':')), message }));
}

/** Characters; lists of APIs have it of each. */
const longestDescription = 100_000;

/** `additionalProperties.whenStale` is one that gateways act on. */
function* staleProblems({ more }: CatalogApi): Generator<string> {
  const { whenStale } = (more.additionalProperties ?? {}) as { whenStale?: unknown };
  if (whenStale !== undefined && whenStale !== 'open' && whenStale !== 'closed') {
    yield 'additionalProperties: whenStale: expected open or closed';
  }
}

function* nameProblems(api: CatalogApi): Generator<string> {
  const { name, version, context, description, operations, tags, scopes } = api;
  if (description.length > longestDescription) {
    yield `description: got ${description.length} characters; expected at most ${longestDescription}`;
  }
  if (hasHiddenCharacters(name)) yield `name: expected no ${hiddenCharacters}`;
  if (tags.some(hasHiddenCharacters)) yield `tags: expected no ${hiddenCharacters}`;
  if (scopes.some(({ displayName }) => hasHiddenCharacters(displayName)))
    yield `scopes: displayName: expected no ${hiddenCharacters}`;
  if (!/^[^~!@#;:%^*()+={}|\\<>"',&$/?\s]{1,100}$/.test(name)) {
    yield `name: expected 1 to 100 characters, without white space and ~!@#;:%^*()+={}|\\<>"',&$/?`;
  }
  if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,29}$/.test(version)) {
    yield 'version: expected 1 to 30 letters, digits, ".", "_" or "-", not beginning with "."';
  }
  const segments = context.split('/').slice(1);
  if (context.length > 200 || !segments.every((segment) => /^(?!\.{1,2}$)[A-Za-z0-9._~-]+$/.test(segment))) {
    yield 'context: expected segments of letters, digits, ".", "_", "~" and "-", such as /pizzashack; 200 characters at most';
  } else if (gatewayPaths.has(`/${segments[0]}`)) {
    yield `context: /${segments[0]} is a path of the gateway itself; expected another one`;
  }
  if (operations.length === 0) yield 'operations: expected at least one';
}

function* accessProblems(api: CatalogApi): Generator<string> {
  if (api.visibility === 'RESTRICTED' && api.visibleRoles.length === 0) {
    yield 'visibleRoles: expected the roles that see the API, as its visibility is RESTRICTED';
  }
  if (api.accessControl === 'RESTRICTED' && api.accessControlRoles.length === 0) {
    yield 'accessControlRoles: expected the roles that may change the API, as its accessControl is RESTRICTED';
  }
  const unknown = api.securityScheme.filter((name) => !schemes.includes(name));
  if (unknown.length > 0)
    yield `securityScheme: unknown "${unknown.join('", "')}"; expected some of ${schemes.join(', ')}`;
  if (!api.securityScheme.some((name) => ['oauth2', 'basic_auth', 'api_key', 'mutualssl'].includes(name))) {
    yield 'securityScheme: expected one of oauth2, basic_auth, api_key, mutualssl at least';
  }
  if (api.authorizationHeader !== null && !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(api.authorizationHeader)) {
    yield 'authorizationHeader: expected the name of a header field';
  }
}

function* problemsOfOperations({ operations, scopes }: Pick<CatalogApi, 'operations' | 'scopes'>): Generator<string> {
  const seen = new Map<string, string>();
  const known = new Set(scopes.map(({ name }) => name));
  for (const operation of operations) {
    const name = `${operation.verb} ${operation.target}`;
    const route = `${operation.verb} ${routeOf(operation.target)}`;
    const same = seen.get(route);
    if (same === name) yield `operations: ${name} is there twice`;
    else if (same !== undefined) yield `operations: ${name} is there twice: to a gateway it is ${same}`;
    seen.set(route, same ?? name);
    const wrong = operationProblem(operation);
    if (wrong !== null) yield `operations: ${name}: ${wrong}`;
    const missing = operation.scopes.filter((scope) => !known.has(scope));
    if (missing.length > 0)
      yield `operations: ${name} names the scope "${missing.join('", "')}", which "scopes" does not have`;
  }
}

function operationProblem({ verb, target }: CatalogOperation): string | null {
  if (!(verbs as readonly string[]).includes(verb)) return `expected a verb of ${verbs.join(', ')}`;
  const wrong = templateProblem(target);
  return wrong && `${wrong.message}; ${wrong.remedy}`;
}

function* problemsOfScopes({ scopes }: Pick<CatalogApi, 'scopes'>): Generator<string> {
  const seen = new Set<string>();
  for (const { name } of scopes) {
    if (seen.has(name)) yield `scopes: "${name}" is there twice`;
    seen.add(name);
    // RFC 6749 section 3.3.
    if (!/^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/.test(name)) {
      yield `scopes: "${name}": expected 1 to 255 printable ASCII characters without space, quote and backslash`;
    } else if (isReservedScope(name))
      yield `scopes: "${name}" has a meaning of its own in tokens; expected another name`;
  }
}

/** Names that mean something else in a token. */
export function isReservedScope(name: string): boolean {
  return restScopes.has(name) || name === applicationScope || name === defaultScope || /^(openid$|device_)/.test(name);
}
