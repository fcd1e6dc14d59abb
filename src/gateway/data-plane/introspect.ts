/** How a thread asks the key manager about opaque tokens. The client is loaded when the first one comes. */
import type { AccessToken, Credentials } from '../../adapters/key-managers/credentials/credentials.ts';
import type { Introspect } from '../../adapters/key-managers/introspection.ts';
import type { Trust } from '../../adapters/key-managers/trust.ts';
import type { Clock } from '../../platform/clock.ts';
import type { GatewayOptions } from '../options.ts';
import type { Question } from './messages.ts';

export type Ask = (about: Question) => Promise<unknown>;

/** Milliseconds for an answer of the key manager. */
const timeout = 10_000;

export function introspectAtKeyManager(
  { serverUrl, tokenContext, security }: GatewayOptions['keyManager'],
  trust: Trust,
  clock: Clock,
  ask: Ask,
): Introspect {
  const load = async (): Promise<Introspect> => {
    const { createIntrospection } = await import('../../adapters/key-managers/introspection.ts');
    return createIntrospection({
      url: `${serverUrl}/${tokenContext}/introspect`,
      trust,
      credentials: await credentialsOf(security, clock, ask),
      timeout,
    });
  };
  let loaded: Promise<Introspect> | null = null;
  return async (token) => {
    loaded ??= load();
    return (await loaded)(token);
  };
}

/** Tokens for introspection are got by the main thread: one of them does for all threads. */
async function credentialsOf(
  { oauth2, basic }: GatewayOptions['keyManager']['security'],
  clock: Clock,
  ask: Ask,
): Promise<Credentials> {
  const kinds = await import('../../adapters/key-managers/credentials/credentials.ts');
  if (oauth2.enabled) {
    const { keepToken } = await import('../../adapters/key-managers/credentials/kept-token.ts');
    const renew = async (rejected: string | null) => (await ask({ about: 'credentials', rejected })) as AccessToken;
    return kinds.bearerCredentials(keepToken(renew, clock));
  }
  return basic.enabled ? kinds.basicCredentials(basic) : kinds.noCredentials;
}
