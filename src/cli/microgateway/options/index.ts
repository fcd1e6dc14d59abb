/**
 * Every option of a microgateway: all keys of the original's `micro-gw.conf`, and the sections of Postern that a
 * gateway has besides. docs/microgateway-options.md and config/micro-gw.conf are generated from here.
 */
import { gatewayOptions, gatewayProblem } from '../../../gateway/options.ts';
import { type Config, section } from '../../../platform/config/schema.ts';
import { keyManagerOptions, tokenRevocationOptions } from '../../gateway-options.ts';
import { logOptions } from '../../log-options.ts';
import { clientOptions } from './clients.ts';
import { controlPlaneOptions } from './control-plane.ts';
import { listenerOptions } from './listeners.ts';
import { operationOptions } from './operation.ts';
import { throttlingOptions } from './throttling.ts';
import { tokenOptions } from './tokens.ts';

// What listenerConfig, http2, mutualSSLConfig, server and caching say in a microgateway has no second name.
const {
  host,
  httpPort,
  httpsPort,
  http2,
  maxHeadSize,
  maxTargetLength,
  clockSkew,
  cache,
  clientCertificate,
  tls,
  ...gateway
} = gatewayOptions.properties.gateway.properties;
const { token, invalidToken } = cache.properties;
const { ask, trustedProxies } = clientCertificate.properties;

export const microgatewaySchema = section('', {
  ...listenerOptions,
  keyManager: keyManagerOptions,
  ...tokenOptions,
  ...controlPlaneOptions,
  tokenRevocationConfig: tokenRevocationOptions,
  ...throttlingOptions,
  ...clientOptions,
  ...operationOptions,
  gateway: section(
    'The gateway beyond what the original has: its threads and limits.',
    {
      ...gateway,
      clientCertificate: section(clientCertificate.description, { ask, trustedProxies }, ({ trustedProxies }) =>
        clientCertificate.problem?.({ ask: 'auto', header: 'any', trustedProxies } as never),
      ),
      cache: section(cache.description, {
        token: section(token.description, { ttlWithoutEvents: token.properties.ttlWithoutEvents }),
        invalidToken,
      }),
    },
    gatewayProblem,
  ),
  log: logOptions,
});

export type MicrogatewayOptions = Config<typeof microgatewaySchema>;
