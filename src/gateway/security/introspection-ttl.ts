/** For how long a gateway believes what a key manager said of an opaque token. */
import type { GatewayOptions } from '../options.ts';

/** Seconds. */
export interface IntrospectionTtl {
  readonly ours: number;
  readonly foreign: number;
}

/** @param follows whether it follows a control plane, which tells of the revocations of our own key managers */
export function introspectionTtl({ cache }: GatewayOptions['gateway'], follows: boolean): IntrospectionTtl {
  const { ttl, ttlWithoutEvents } = cache.token;
  const foreign = Math.min(ttl, ttlWithoutEvents);
  return { ours: follows ? ttl : foreign, foreign };
}
