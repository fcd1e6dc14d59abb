/** Logs a user in to an environment: registers a client, and gets tokens by the password grant. Also renews and ends them. */
import { randomBytes } from 'node:crypto';
import { escapeHidden } from '../../core/hidden-characters.ts';
import type { Environment } from './environments.ts';
import type { Http, HttpAnswer } from './http.ts';
import { notLoggedIn, RemoteError } from './remote-error.ts';
import type { Session } from './sessions.ts';

/** What the commands need, and no more; who may not have one of them gets the others. */
const scopes = [
  'apim:api_view',
  'apim:api_publish',
  'apim:api_import_export',
  'apim:app_import_export',
  'apim:subscribe',
  'apim:app_manage',
  'apim:sub_manage',
  'apim:admin',
];

const clientName = 'postern_cli';

interface Client {
  readonly clientId: string;
  readonly clientSecret: string | null;
}

interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string | null;
  /** Seconds. */
  readonly expiresIn: number;
}

/** @throws RemoteError 3 when user or password are wrong */
export async function logIn(http: Http, environment: Environment, user: string, password: string): Promise<Session> {
  let client = await register(http, environment, clientName, user, password);
  // Where secrets are shown once only, and somebody saw this one: a client of its own.
  client = client.clientSecret
    ? client
    : await register(http, environment, `${clientName}_${randomBytes(6).toString('hex')}`, user, password);
  const { clientId, clientSecret } = client;
  if (!clientSecret) throw new RemoteError(`${environment.name} registered a client without a secret`);
  const form = { grant_type: 'password', username: user, password, scope: scopes.join(' ') };
  const answer = await postForm(http, environment.tokenUrl, form, basic(clientId, clientSecret));
  if (answer.status !== 200) throw tokenError(environment, answer);
  return sessionOf(readTokens(environment.tokenUrl, answer), { user, clientId, clientSecret });
}

/** A session with a new access token. @throws RemoteError 3 when the refresh token is no good any more */
export async function renew(http: Http, environment: Environment, session: Session): Promise<Session> {
  const again = `log in again: postern login ${environment.name}`;
  if (session.refreshToken === null) throw notLoggedIn(`the session of ${environment.name} has expired; ${again}`);
  const form = { grant_type: 'refresh_token', refresh_token: session.refreshToken };
  const { clientId, clientSecret } = session;
  const answer = await postForm(http, environment.tokenUrl, form, basic(clientId, clientSecret));
  if (answer.status === 200) return sessionOf(readTokens(environment.tokenUrl, answer), session);
  if (answer.status >= 500) throw tokenError(environment, answer);
  throw notLoggedIn(`the session of ${environment.name} has ended; ${again}`);
}

/** Revokes what the session holds. */
export async function logOut(http: Http, environment: Environment, session: Session): Promise<void> {
  const url = environment.tokenUrl.replace(/\/token$/, '/revoke');
  const { clientId, clientSecret, refreshToken, accessToken } = session;
  // The refresh token takes its access tokens along.
  for (const token of [refreshToken, accessToken]) {
    if (token === null) continue;
    const answer = await postForm(http, url, { token }, basic(clientId, clientSecret));
    if (answer.status !== 200) throw new RemoteError(`${url} answered ${answer.status}; the tokens were not revoked`);
  }
}

/** A token of an application itself. */
export async function clientCredentialsToken(
  http: Http,
  tokenUrl: string,
  key: { consumerKey: string; consumerSecret: string },
): Promise<string> {
  const form = { grant_type: 'client_credentials' };
  const answer = await postForm(http, tokenUrl, form, basic(key.consumerKey, key.consumerSecret));
  if (answer.status !== 200) throw new RemoteError(`${tokenUrl} gave no token: ${describe(answer)}`);
  return readTokens(tokenUrl, answer).accessToken;
}

async function register(
  http: Http,
  environment: Environment,
  name: string,
  user: string,
  password: string,
): Promise<Client> {
  const answer = await http.send(environment.registrationUrl, {
    method: 'POST',
    headers: { authorization: basic(user, password), 'content-type': 'application/json' },
    body: JSON.stringify({
      clientName: name,
      owner: user,
      grantType: 'password refresh_token',
      callbackUrl: '',
      saasApp: true,
    }),
  });
  if (answer.status === 401) throw notLoggedIn(`${environment.name} does not know this user and password`);
  if (answer.status !== 200 && answer.status !== 201) {
    throw new RemoteError(`${environment.registrationUrl} did not register a client: ${describe(answer)}`);
  }
  const { clientId, clientSecret } = (answer.json<Partial<Client> | null>() ?? {}) as Record<string, unknown>;
  if (
    typeof clientId === 'string' &&
    (clientSecret === undefined || clientSecret === null || typeof clientSecret === 'string')
  )
    return { clientId, clientSecret: clientSecret ?? null };
  throw new RemoteError(`${environment.registrationUrl} answered with something that is no client`);
}

/** RFC 6749 section 5.1 and appendices A.12, A.17. @throws RemoteError */
function readTokens(url: string, answer: HttpAnswer): Tokens {
  const given = (answer.json<Record<string, unknown> | null>() ?? {}) as Record<string, unknown>;
  const { access_token: accessToken, refresh_token: refreshToken = null, expires_in: expiresIn } = given;
  const isToken = (value: unknown): value is string => typeof value === 'string' && /^[\x20-\x7e]+$/.test(value);
  if (isToken(accessToken) && (refreshToken === null || isToken(refreshToken)) && Number.isFinite(expiresIn))
    return { accessToken, refreshToken, expiresIn: expiresIn as number };
  throw new RemoteError(`${url} answered with something that is no token`);
}

function sessionOf(tokens: Tokens, who: Pick<Session, 'user' | 'clientId' | 'clientSecret'>): Session {
  return {
    user: who.user,
    clientId: who.clientId,
    clientSecret: who.clientSecret,
    accessToken: tokens.accessToken,
    expiresAt: Date.now() + tokens.expiresIn * 1000,
    refreshToken: tokens.refreshToken,
  };
}

function postForm(http: Http, url: string, form: Record<string, string>, authorization: string): Promise<HttpAnswer> {
  return http.send(url, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  });
}

function tokenError({ name, tokenUrl }: Environment, answer: HttpAnswer): RemoteError {
  if (answer.status === 400 || answer.status === 401) {
    return notLoggedIn(`${name} gave no token: ${describe(answer)}`);
  }
  return new RemoteError(`${tokenUrl} gave no token: ${describe(answer)}`);
}

/** Characters of what a server says that are shown. */
const longest = 1000;

/** What an answer of an authorization server or of a control plane says went wrong, on one line. */
export function describe(answer: HttpAnswer): string {
  try {
    const body = JSON.parse(answer.bytes.toString('utf8')) as Record<string, unknown>;
    const text = body.error_description ?? body.description ?? body.message ?? body.error;
    if (typeof text === 'string' && text !== '') return escapeHidden(text.slice(0, longest));
  } catch {
    // It is no JSON; its status has to do.
  }
  return `status ${answer.status}`;
}

const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
