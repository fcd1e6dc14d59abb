/** Asks a token endpoint for an access token (RFC 6749 section 4.3, 4.4 and 6). */
import type { Agent } from 'node:https';
import { placeOf, sendRequest } from '../https-request.ts';

/** How the client shows who it is: in the Authorization field, in the form, or not at all. */
export type CredentialBearer = 'AUTH_HEADER_BEARER' | 'POST_BODY_BEARER' | 'NO_BEARER';

export interface TokenRequest {
  readonly url: string;
  readonly agent: Agent;
  /** Milliseconds. */
  readonly timeout: number;
  readonly bearer: CredentialBearer;
  readonly client: { readonly clientId: string; readonly clientSecret: string };
  /** Separated by commas or spaces; empty = whatever the client may have. */
  readonly scopes: string;
  /** `grant_type` and its parameters. */
  readonly grant: Readonly<Record<string, string>>;
}

export interface GrantedToken {
  readonly accessToken: string;
  /** Seconds; null = the answer doesn't say. */
  readonly expiresIn: number | null;
  readonly refreshToken: string | null;
}

const maxAnswer = 65_536;

/** @throws Error with the endpoint and its error code, never a secret */
export async function requestToken(asked: TokenRequest): Promise<GrantedToken> {
  const { url, agent, timeout, bearer, client, scopes, grant } = asked;
  const form = new URLSearchParams(grant);
  const scope = scopes
    .split(/[\s,]+/)
    .filter((name) => name !== '')
    .join(' ');
  if (scope !== '') form.set('scope', scope);
  if (bearer === 'POST_BODY_BEARER') {
    form.set('client_id', client.clientId);
    form.set('client_secret', client.clientSecret);
  }
  const authorization = bearer === 'AUTH_HEADER_BEARER' ? basic(client) : null;
  const { status, body } = await sendRequest({ url, agent, form, authorization, timeout, maxAnswer });
  const answer = readObject(body);
  const { access_token, expires_in, refresh_token, error } = answer;
  if (status !== 200 || typeof access_token !== 'string' || access_token === '') {
    const code = typeof error === 'string' && /^[\w.-]{1,64}$/.test(error) ? ` (${error})` : '';
    throw new Error(`${placeOf(url)}: answered ${status}${code} where an access token was expected`);
  }
  return {
    accessToken: access_token,
    expiresIn: typeof expires_in === 'number' && expires_in >= 0 ? expires_in : null,
    refreshToken: typeof refresh_token === 'string' && refresh_token !== '' ? refresh_token : null,
  };
}

/** Both form-encoded first (RFC 6749 section 2.3.1). */
function basic({ clientId, clientSecret }: TokenRequest['client']): string {
  const encode = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1);
  return `Basic ${Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString('base64')}`;
}

function readObject(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
