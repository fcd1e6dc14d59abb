/** Which scopes a token gets (`docs/tokens.md`). */
import { definedScopeNames, subscribedScopes } from '../../adapters/stores/apis.ts';
import type { ClientRow } from '../../adapters/stores/clients.ts';
import type { Queryable } from '../../adapters/stores/store.ts';
import { restScopes } from '../../core/rest-scopes.ts';
import { applicationScope, defaultScope } from '../../core/token.ts';
import { readOnce } from '../clients/known-clients.ts';
import { OAuthError } from '../oauth-error.ts';

/** Allowed without being defined anywhere; a name below `device_` gives each device a token of its own. */
const whitelisted = /^(?:openid$|profile$|email$|offline_access$|device_)/;

/** Given, never asked for. */
const reserved: ReadonlySet<string> = new Set([applicationScope, defaultScope]);

const longest = 4096;

/** The names in a `scope` parameter (RFC 6749 section 3.3). @throws OAuthError invalid_scope when it is malformed. */
export function readScope(scope: string | null): string[] {
  if (scope === null) return [];
  if (scope.length > longest) throw new OAuthError('invalid_scope', `scope is longer than ${longest} characters`);
  if (!/^[\x20\x21\x23-\x5b\x5d-\x7e]*$/.test(scope)) {
    throw new OAuthError('invalid_scope', 'scope: expected names of printable ASCII without quote and backslash');
  }
  return [...new Set(scope.split(' ').filter((name) => name !== ''))];
}

/** As tokens and their rows have it: the same names always make the same text. */
export function writeScope(names: readonly string[]): string {
  return [...new Set(names)].sort().join(' ');
}

/** The scope of a user's token. */
export async function userScope(
  db: Queryable,
  client: ClientRow,
  roles: readonly string[],
  asked: readonly string[],
): Promise<string> {
  return writeScope(orDefault(await allowedScopes(db, client, roles, asked)));
}

/** The scope of a token of the application itself; the roles are its owner's. */
export async function applicationTokenScope(
  db: Queryable,
  client: ClientRow,
  roles: readonly string[],
  asked: readonly string[],
): Promise<string> {
  return writeScope([applicationScope, ...orDefault(await allowedScopes(db, client, roles, asked))]);
}

/**
 * What of the granted names a refresh is about: those asked for, all if none. Names that nobody defined are ignored;
 * more than was granted is refused (RFC 6749 section 6).
 */
export async function narrow(
  db: Queryable,
  client: ClientRow,
  granted: readonly string[],
  asked: readonly string[],
): Promise<readonly string[]> {
  const within = asked.filter((name) => granted.includes(name));
  const beyond = asked.filter((name) => !granted.includes(name));
  const defined = await definedScopeNames(db, client.tenant, beyond);
  const wrong = beyond.find(
    (name) => defined.has(name) || restScopes.has(name) || whitelisted.test(name) || name === applicationScope,
  );
  if (wrong !== undefined) throw new OAuthError('invalid_scope', `scope ${wrong} was not granted`);
  return within.length > 0 ? within : granted;
}

/** @throws OAuthError invalid_scope that names one that was asked for and not given */
export function refuseDropped(asked: readonly string[], given: readonly string[]): void {
  const dropped = asked.find((name) => !given.includes(name));
  if (dropped !== undefined)
    throw new OAuthError('invalid_scope', `scope ${dropped} is not given to this client and user`);
}

/** Those that the roles allow; the others are dropped without a word. */
export async function allowedScopes(
  db: Queryable,
  client: ClientRow,
  roles: readonly string[],
  asked: readonly string[],
): Promise<string[]> {
  const named = asked.filter((name) => !whitelisted.test(name) && !reserved.has(name));
  const ofApis = client.application_id === null ? [] : await scopesFor(db, client, named);
  const may = (needed: readonly string[]) => needed.length === 0 || needed.some((role) => roles.includes(role));
  return asked.filter((name) => {
    if (reserved.has(name)) return false;
    if (whitelisted.test(name)) return true;
    const bindings = ofApis.filter((scope) => scope.name === name).map((scope) => scope.roles);
    const ofRest = restScopes.get(name);
    if (ofRest) bindings.push(ofRest);
    // If several define the name, each has to agree: what it opens is open at all of them.
    return bindings.length > 0 && bindings.every(may);
  });
}

/** Names that are long or many are not remembered: whoever asks for ever other ones fills no memory. */
const longestRemembered = 200;

function scopesFor(db: Queryable, client: ClientRow, names: readonly string[]) {
  const all = names.join(' ');
  if (all === '') return [];
  const read = () => subscribedScopes(db, client.application_id as string, names);
  return all.length > longestRemembered ? read() : readOnce(client, `scopes ${all}`, read);
}

const orDefault = (names: string[]): string[] => (names.length > 0 ? names : [defaultScope]);
