/** Claims that a client asks for by name, beside those of its scopes (OpenID Connect Core section 5.5). */
import type { Form } from '../form.ts';
import { OAuthError } from '../oauth-error.ts';
import { readScope } from '../tokens/scopes.ts';

/** By name, the values of which it wants one; null = whichever there is. Only names that it can be given something for. */
export type AskedClaims = Readonly<Record<string, readonly unknown[] | null>>;

export interface RequestedClaims {
  readonly userinfo: AskedClaims;
  readonly id_token: AskedClaims;
}

/** Whoever agrees to the scope agrees to the claim: both tell the same. */
const scopeOfClaim: Readonly<Record<string, string>> = {
  ...{ preferred_username: 'profile', name: 'profile', given_name: 'profile', family_name: 'profile' },
  email: 'email',
};

/** Those about users, which a client may ask for by name. */
export const userClaimNames = Object.keys(scopeOfClaim);

/** Those that a scope gives. What an identity provider says of its users by other names belongs to `profile`. */
export const isOfScopes = (claim: string, scopes: readonly string[]): boolean =>
  scopes.includes((Object.hasOwn(scopeOfClaim, claim) && scopeOfClaim[claim]) || 'profile');

/** What the user has to agree to: the scopes that are given, and what the claims tell. */
export const toAgreeTo = (form: Form, scopes: readonly string[]): readonly string[] => {
  const { userinfo, id_token } = requestedClaims(form) ?? none;
  const told = Object.keys({ ...userinfo, ...id_token }).map((name) => scopeOfClaim[name] as string);
  return [...new Set([...scopes, ...told])];
};

const none: RequestedClaims = { userinfo: {}, id_token: {} };
const longest = 4096;

/** Null when it asks for none, or not by OpenID Connect. @throws OAuthError invalid_request when it is malformed */
export function requestedClaims(form: Form): RequestedClaims | null {
  const { userinfo, id_token } = readClaims(form);
  const asked = { userinfo: known(userinfo), id_token: known(id_token) };
  const isNone = Object.keys({ ...asked.userinfo, ...asked.id_token }).length === 0;
  return isNone || !readScope(form.get('scope')).includes('openid') ? null : asked;
}

export interface Members {
  readonly userinfo: AskedClaims;
  readonly id_token: AskedClaims;
  /** Names of claims of the id token without which the client can do nothing. */
  readonly essential: ReadonlySet<string>;
}

/** The parameter as it stands, with names that mean nothing here. */
export function readClaims(form: Form): Members {
  const text = form.get('claims');
  if (text === null) return { ...none, essential: new Set() };
  if (text.length > longest) throw wrong(`at most ${longest} characters`);
  const all = objectOf(parse(text), 'a JSON object');
  const member = (name: string) => Object.entries(objectOf(all[name] ?? {}, `an object as ${name}`));
  const idToken = member('id_token');
  return {
    userinfo: Object.fromEntries(member('userinfo').map(readClaim)),
    id_token: Object.fromEntries(idToken.map(readClaim)),
    essential: new Set(
      idToken.filter(([, one]) => (one as { essential?: unknown } | null)?.essential === true).map(([name]) => name),
    ),
  };
}

function readClaim([name, asked]: readonly [string, unknown]): readonly [string, readonly unknown[] | null] {
  if (asked === null) return [name, null];
  const { essential, value, values } = objectOf(asked, `null or an object for ${name}`);
  if (essential !== undefined && typeof essential !== 'boolean') throw wrong(`true or false as essential of ${name}`);
  if (values !== undefined && !Array.isArray(values)) throw wrong(`a list as values of ${name}`);
  return [name, value === undefined ? (values ?? null) : [value]];
}

function objectOf(value: unknown, expected: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(expected);
  return value as Record<string, unknown>;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw wrong('JSON');
  }
}

const known = (asked: AskedClaims): AskedClaims =>
  Object.fromEntries(Object.entries(asked).filter(([name]) => Object.hasOwn(scopeOfClaim, name)));

const wrong = (expected: string): OAuthError => new OAuthError('invalid_request', `claims: expected ${expected}`);
