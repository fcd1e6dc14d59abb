/** Who calls a REST API: by an access token with scopes, or by name and password, which stand for every scope of the roles. */
import type { FastifyRequest } from 'fastify';
import { type LogInSource, type User, UserStoreBusyError } from '../../adapters/user-stores/user-store.ts';
import { restScopes } from '../../core/rest-scopes.ts';
import { RestError } from '../../platform/rest-error.ts';
import type { ControlPlaneDeps } from '../deps.ts';

export interface Caller extends User {
  readonly scopes: ReadonlySet<string>;
  /** Whether the user has the role `admin`. */
  readonly isAdmin: boolean;
}

/** Null when the request has no credentials. @throws RestError 401 when it has wrong ones. */
export async function findCaller(request: FastifyRequest, deps: ControlPlaneDeps): Promise<Caller | null> {
  const { authorization } = request.headers;
  if (authorization === undefined || authorization === '') return null;
  const token = /^bearer +(\S+) *$/i.exec(authorization)?.[1];
  if (token !== undefined) return byToken(token, request, deps);
  const basic = /^basic +([A-Za-z0-9+/=_-]+) *$/i.exec(authorization)?.[1];
  if (basic !== undefined) return byPassword(Buffer.from(basic, 'base64').toString('utf8'), request, deps);
  throw unauthorized('The Authorization header must be `Bearer <access token>`.', 'invalid_request');
}

/** @throws RestError 403 when the caller has none of the scopes. */
export function requireScope(caller: Caller, scopes: readonly string[]): void {
  if (scopes.length === 0 || scopes.some((scope) => caller.scopes.has(scope))) return;
  throw new RestError(403, `This needs a token with the scope ${scopes.join(' or ')}.`, [], {
    'www-authenticate': `Bearer realm="Postern", error="insufficient_scope", scope="${scopes.join(' ')}"`,
  });
}

export function unauthorized(description: string, error?: string): RestError {
  const challenge = `Bearer realm="Postern"${error === undefined ? '' : `, error="${error}"`}`;
  return new RestError(401, description, [], { 'www-authenticate': challenge });
}

async function byToken(
  token: string,
  request: FastifyRequest,
  { keyManager, users }: ControlPlaneDeps,
): Promise<Caller> {
  const facts = await keyManager.introspectShown(token, request);
  const user = facts && (await users.find(facts.username));
  if (!facts || !user) throw unauthorized('The access token is not valid (any more).', 'invalid_token');
  return toCaller(user, facts.scope.split(' '));
}

async function byPassword(text: string, request: FastifyRequest, { users }: ControlPlaneDeps): Promise<Caller> {
  const at = text.indexOf(':');
  const from: LogInSource = {
    kind: 'stranger',
    address: request.ip,
    gone: () => request.raw.destroyed,
  };
  try {
    const user = at < 0 ? null : await users.verify(text.slice(0, at), text.slice(at + 1), from);
    if (!user) throw unauthorized('The user name or the password is wrong.');
    const scopes = [...restScopes].filter(([, roles]) => roles.some((role) => user.roles.includes(role)));
    return toCaller(
      user,
      scopes.map(([scope]) => scope),
    );
  } catch (error) {
    if (!(error instanceof UserStoreBusyError)) throw error;
    throw new RestError(503, error.message, [], { 'retry-after': '1' });
  }
}

function toCaller(user: User, scopes: readonly string[]): Caller {
  return { ...user, scopes: new Set(scopes), isAdmin: user.roles.includes('admin') };
}
