/** What the main thread asks key managers for on behalf of all threads. Each client is loaded when it is needed first. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AccessToken, AccessTokens } from '../../adapters/key-managers/credentials/credentials.ts';
import type { FetchJwks } from '../../adapters/key-managers/jwks.ts';
import type { Trust } from '../../adapters/key-managers/trust.ts';
import type { Clock } from '../../platform/clock.ts';
import type { EventLog } from '../../platform/log.ts';
import type { GatewayOptions } from '../options.ts';

export interface KeyManagersDeps {
  readonly options: GatewayOptions;
  /** Folder, made when it is needed, for what has to outlive this process. */
  readonly folder: string;
  readonly trust: Trust;
  readonly clock: Clock;
  readonly log: EventLog;
}

export interface KeyManagers {
  /** The keys that an issuer publishes. */
  readonly fetchJwks: FetchJwks;
  /** An access token for introspection, another one than `rejected`. */
  introspectionToken(rejected: string | null): Promise<AccessToken>;
}

/** Milliseconds for an answer of a token endpoint. */
const tokenTimeout = 10_000;

export function openKeyManagers({ options, folder, trust, clock, log }: KeyManagersDeps): KeyManagers {
  let jwks: Promise<FetchJwks> | null = null;
  let tokens: Promise<AccessTokens> | null = null;
  const loadJwks = async (): Promise<FetchJwks> => {
    const { openJwks } = await import('../../adapters/key-managers/jwks.ts');
    // Whoever publishes keys doesn't have to know who this gateway is.
    const { ca, authorities } = trust;
    return openJwks({ ca, authorities }, options.gateway.jwks.timeout);
  };
  const loadTokens = async (): Promise<AccessTokens> => {
    const { openOAuth2Tokens } = await import('../../adapters/key-managers/credentials/oauth2.ts');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const refreshTokenFile = join(folder, 'introspection-refresh-token.json');
    const { oauth2 } = options.keyManager.security;
    return openOAuth2Tokens(oauth2, { trust, timeout: tokenTimeout, refreshTokenFile, clock, log });
  };
  return {
    async fetchJwks(url) {
      jwks ??= loadJwks();
      return (await jwks)(url);
    },
    async introspectionToken(rejected) {
      tokens ??= loadTokens();
      return (await tokens).get(rejected);
    },
  };
}
