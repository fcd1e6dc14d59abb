/** From the arguments of `postern run` to what a gateway is started with. */
import { basename, extname, join, resolve } from 'node:path';
import type { GatewayOptions } from '../../gateway/options.ts';
import { ConfigError } from '../../platform/config/config-error.ts';
import { controlPlaneOrigins } from '../control-plane-addresses.ts';
import { withTokenUrl } from '../gateway-options.ts';
import { besideManagement, type Configuration, readConfiguration } from './configuration.ts';
import { hubAddress } from './hub-address.ts';
import type { MicrogatewayOptions } from './options/index.ts';

/** What `postern run` is called with. */
export interface RunArguments {
  /** Path of the file that `postern build` wrote. */
  readonly artifact: string;
  /** Folder with the certificates and, below `microgateways/`, what this microgateway keeps. */
  readonly data: string;
  readonly config?: string;
  /** Is added to every port but 0. */
  readonly portOffset: number;
  readonly host?: string;
  /** `--section.key=value` as given. */
  readonly flags: readonly string[];
}

export interface MicrogatewaySettings {
  readonly configuration: Configuration;
  readonly options: GatewayOptions;
  readonly tokenListenerPort: number;
  readonly logLevel: string;
  /** Absolute path of the data folder. */
  readonly data: string;
  /** Folder below it of this microgateway alone, so that several share a data folder. */
  readonly own: string;
}

/** @throws ConfigError. Changes nothing on disk. */
export function readSettings(args: RunArguments): MicrogatewaySettings {
  const data = resolve(args.data);
  const configuration = besideManagement(readConfiguration(args.config, args.flags), data);
  const { config } = configuration;
  const moved = (port: number): number => (port === 0 ? 0 : port + args.portOffset);
  const { listenerConfig, keyManager, authConfig } = config;
  const { basic } = keyManager.security;
  const url = hubAddress(configuration, data) ?? '';
  const where = configuration.where('apim.eventHub.otherServiceUrls');
  const otherUrls = controlPlaneOrigins([{ where, addresses: config.apim.eventHub.otherServiceUrls }]);
  const nodes = url === '' ? [] : [url, ...otherUrls];
  return {
    configuration,
    options: {
      gateway: {
        ...config.gateway,
        host: args.host ?? listenerConfig.host,
        httpPort: moved(listenerConfig.httpPort),
        httpsPort: moved(listenerConfig.httpsPort),
        adminPort: moved(config.gateway.adminPort),
        http2: config.http2.enable,
        maxHeadSize: listenerConfig.maxHeaderSize,
        maxTargetLength: listenerConfig.maxUriLength,
        clockSkew: config.server.timestampSkew,
        accessLog: accessLogOf(configuration),
        backend: backendOf(config),
        cache: cacheOf(configuration, nodes),
        // Of the key store.
        tls: { certificate: '', key: '' },
        clientCertificate: {
          ...config.gateway.clientCertificate,
          header: config.mutualSSLConfig.certificateHeaderName,
        },
      },
      authConfig,
      controlPlane: { url, otherUrls },
      keyManager: withTokenUrl({
        ...keyManager,
        security: {
          ...keyManager.security,
          // 3.0 had user and password, and no switch.
          basic: { ...basic, enabled: basic.enabled || isOldBasic(configuration) },
        },
      }),
    },
    tokenListenerPort: moved(listenerConfig.tokenListenerPort),
    logLevel: configuration.isGiven('log.level') ? config.log.level : levels[config.b7a.log.level],
    data,
    own: join(data, 'microgateways', ownName(args.artifact)),
  };
}

/** @throws ConfigError where it would be another folder than one of its own */
function ownName(artifact: string): string {
  const name = basename(artifact, extname(artifact));
  if (!/^\.*$/.test(name)) return name;
  throw new ConfigError([`${artifact}: expected an artifact with a name before its ending; rename the file`]);
}

/** The levels of the original in our words. */
const levels = {
  OFF: 'silent',
  FATAL: 'fatal',
  ERROR: 'error',
  WARN: 'warn',
  INFO: 'info',
  DEBUG: 'debug',
  TRACE: 'trace',
  ALL: 'trace',
} as const;

function isOldBasic({ isGiven }: Configuration): boolean {
  return isGiven('keyManager.security.basic.username') && !isGiven('keyManager.security.basic.enabled');
}

function accessLogOf({ config, isGiven }: Configuration): string {
  const { console, path } = config.b7a.http.accesslog;
  if (isGiven('gateway.accessLog')) return config.gateway.accessLog;
  return console ? '/dev/stdout' : path;
}

function backendOf({ gateway, httpClients }: MicrogatewayOptions): GatewayOptions['gateway']['backend'] {
  const { maxActiveConnections } = httpClients.poolConfig;
  return maxActiveConnections < 0 ? gateway.backend : { ...gateway.backend, maxConnections: maxActiveConnections };
}

/** @param nodes addresses of the control plane that is followed */
function cacheOf({ config, isGiven }: Configuration, nodes: readonly string[]): GatewayOptions['gateway']['cache'] {
  const { enabled, tokenCacheCapacity, tokenCacheExpiryTime } = config.caching;
  const kept = { capacity: enabled ? tokenCacheCapacity : 0, ttl: Math.floor(tokenCacheExpiryTime / 1000) };
  const { token, invalidToken } = config.gateway.cache;
  // Who chose a time means it for every token.
  const ttlWithoutEvents = isGiven('caching.tokenCacheExpiryTime') ? kept.ttl : token.ttlWithoutEvents;
  // A key manager elsewhere does not tell the control plane that is followed of its revocations.
  const hasEvents = nodes.length === 0 || nodes.includes(URL.parse(config.keyManager.serverUrl)?.origin ?? '');
  return {
    token: { ...kept, ttl: hasEvents ? kept.ttl : Math.min(kept.ttl, ttlWithoutEvents), ttlWithoutEvents },
    jwt: kept,
    apiKey: kept,
    invalidToken: enabled ? invalidToken : { ...invalidToken, capacity: 0 },
  };
}
