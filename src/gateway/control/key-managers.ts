/** What the main thread asks key managers for on behalf of all threads. Each client is loaded when it is needed first. */
import type { AccessToken, AccessTokens } from '../../adapters/key-managers/credentials/credentials.ts';
import type { FetchJwks } from '../../adapters/key-managers/jwks.ts';
import type { Trust } from '../../adapters/key-managers/trust.ts';
import type { Clock } from '../../platform/clock.ts';
import type { EventLog } from '../../platform/log.ts';
import type { GatewayOptions } from '../options.ts';

export interface KeyManagersDeps {
  readonly options: GatewayOptions;
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

export function openKeyManagers({ options, trust, clock, log }: KeyManagersDeps): KeyManagers {
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
    return openOAuth2Tokens(options.keyManager.security.oauth2, { trust, timeout: tokenTimeout, clock, log });
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
