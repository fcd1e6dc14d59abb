/** The access token with which a gateway asks a key manager that protects its introspection endpoint with OAuth2. */
import type { Clock } from '../../../platform/clock.ts';
import type { EventLog } from '../../../platform/log.ts';
import { type Trust, trustedAgent } from '../trust.ts';
import type { AccessToken, AccessTokens } from './credentials.ts';
import { keepRefreshToken } from './kept-refresh-token.ts';
import { keepToken } from './kept-token.ts';
import { type CredentialBearer, type GrantedToken, requestToken } from './token-request.ts';

interface Client {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes: string;
}

/** As the options `keyManager.security.oauth2` say. */
export interface OAuth2Settings {
  readonly credentialBearer: CredentialBearer;
  readonly tokenUrl: string;
  readonly clientCredential: Client & { readonly enabled: boolean };
  readonly password: Client & { readonly enabled: boolean; readonly username: string; readonly password: string };
  readonly directToken: { readonly enabled: boolean; readonly accessToken: string };
  readonly refresh: Client & {
    readonly enabled: boolean;
    /** Empty = `tokenUrl`. */
    readonly refreshUrl: string;
    readonly refreshToken: string;
  };
}

export interface OAuth2Deps {
  readonly trust: Trust;
  /** Milliseconds for an answer of the token endpoint. */
  readonly timeout: number;
  /** Where the newest refresh token that came of the configured one is kept. */
  readonly refreshTokenFile: string;
  readonly clock: Clock;
  readonly log: EventLog;
}

/**
 * Asks for nothing before the first token is needed. Refresh tokens are used up when they are used, so there is to be
 * one of these for a process.
 */
export function openOAuth2Tokens(settings: OAuth2Settings, deps: OAuth2Deps): AccessTokens {
  const { trust, timeout, refreshTokenFile, clock, log } = deps;
  const { tokenUrl, credentialBearer, clientCredential, password, directToken, refresh } = settings;
  const agent = trustedAgent(trust, { keepAlive: true });
  // Without a configured one they come of log-ins, and a new log-in is what a restart begins with.
  const kept =
    refresh.enabled && refresh.refreshToken !== ''
      ? keepRefreshToken(refreshTokenFile, refresh.refreshToken, log)
      : null;
  let refreshToken: string | null = kept?.current ?? null;
  let begun = false;

  const ask = (url: string, client: Client, grant: Record<string, string>): Promise<GrantedToken> => {
    return requestToken({
      url,
      agent: agent(),
      timeout,
      bearer: credentialBearer,
      client,
      scopes: client.scopes,
      grant,
    });
  };
  const begin = async (): Promise<GrantedToken> => {
    if (!refresh.enabled && clientCredential.enabled)
      return ask(tokenUrl, clientCredential, { grant_type: 'client_credentials' });
    if (password.enabled) {
      const { username } = password;
      return ask(tokenUrl, password, { grant_type: 'password', username, password: password.password });
    }
    // It is what it is; when it is refused only a refresh token helps.
    return { accessToken: directToken.accessToken, expiresIn: null, refreshToken: null };
  };
  const renew = async (): Promise<GrantedToken> => {
    if (begun && refresh.enabled && refreshToken !== null) {
      try {
        const grant = { grant_type: 'refresh_token', refresh_token: refreshToken };
        return await ask(refresh.refreshUrl || tokenUrl, refresh, grant);
      } catch (error) {
        if (!password.enabled) throw error;
        log.warn({ err: error }, 'the token for introspection could not be refreshed; asking for a new one');
      }
    }
    return begin();
  };
  return keepToken(async (): Promise<AccessToken> => {
    const granted = await renew();
    begun = true;
    if (granted.refreshToken !== null) {
      refreshToken = granted.refreshToken;
      kept?.replace(refreshToken);
    }
    const { accessToken, expiresIn } = granted;
    return { value: accessToken, expires: expiresIn === null ? null : clock.now() + lifetime(expiresIn) };
  }, clock);
}

/** Milliseconds that a token is used: a little less than it lives, for the way that a request has to go. */
function lifetime(seconds: number): number {
  return Math.max(0, seconds - Math.min(5, seconds / 10)) * 1000;
}
