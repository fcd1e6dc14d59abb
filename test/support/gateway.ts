/** A gateway in the test's own process (its data-plane threads are real), for what it is given once or by a source. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChangeSource } from '../../src/adapters/brokers/source.ts';
import type { Api, Resource } from '../../src/core/api.ts';
import type { EntityChange } from '../../src/core/snapshot.ts';
import type { Issuer } from '../../src/core/token.ts';
import type { FixedConfiguration } from '../../src/gateway/fixed-configuration.ts';
import { type Gateway, startGateway } from '../../src/gateway/gateway.ts';
import { gatewayOptions } from '../../src/gateway/options.ts';
import { type Certificates, openCertificates } from '../../src/platform/certificates.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { loadConfig } from '../../src/platform/config/load.ts';
import { type Log, silentLog } from '../../src/platform/log.ts';

export interface GatewayStart {
  readonly fixed?: Partial<FixedConfiguration> | null;
  readonly source?: ChangeSource | null;
  /** `--gateway.clockSkew=0`, … */
  readonly flags?: readonly string[];
  /** Default 1. */
  readonly threads?: number;
  /** Default: its own, made for it. */
  readonly certificates?: Certificates;
  /** Data folder that stays when the gateway stops. Default: a new one, which is then removed. */
  readonly data?: string;
  readonly log?: Log;
}

export interface TestGateway {
  readonly http: string;
  readonly https: string;
  readonly token: string;
  readonly admin: string;
  readonly gateway: Gateway;
  readonly certificates: Certificates;
  stop(): Promise<void>;
}

/** With free ports. */
export async function startTestGateway(start: GatewayStart = {}): Promise<TestGateway> {
  const data = start.data ?? mkdtempSync(join(tmpdir(), 'postern-gateway-'));
  const certificates = start.certificates ?? (await openCertificates(join(data, 'certificates')));
  const ports = ['httpPort', 'httpsPort', 'adminPort'].map((name) => `--gateway.${name}=0`);
  const options = loadConfig(gatewayOptions, {
    flags: [...ports, `--gateway.threads=${start.threads ?? 1}`, '--gateway.drainTimeout=500', ...(start.flags ?? [])],
  });
  const fixed = {
    entities: [],
    basicUsers: [],
    tokenListenerPort: 0,
    opaqueSubscriptions: 'none',
    ...start.fixed,
  } as const;
  const gateway = await startGateway({
    options,
    data,
    accessLog: null,
    certificates,
    source: start.source ?? null,
    fixed: start.fixed === null ? null : fixed,
    authorities: null,
    clock: systemClock,
    log: start.log ?? silentLog,
  });
  const { http, https, token, admin } = gateway.ports;
  return {
    http: `http://localhost:${http}`,
    https: `https://localhost:${https}`,
    token: `https://localhost:${token}`,
    admin: `http://127.0.0.1:${admin}`,
    gateway,
    certificates,
    async stop() {
      await gateway.stop();
      if (start.data === undefined) rmSync(data, { recursive: true, force: true });
    },
  };
}

/** An API below `/name/1.0.0` with the resource `GET /*`. */
export function testApi(name: string, url: string, more: Partial<Api> = {}): EntityChange {
  const value: Api = {
    id: `${name}-id`,
    name,
    version: '1.0.0',
    provider: 'admin@carbon.super',
    context: `/${name}`,
    isDefaultVersion: false,
    status: 'PUBLISHED',
    resources: [testResource()],
    endpoints: { production: { url } },
    cors: null,
    scopes: [],
    ...more,
  };
  return { kind: 'api', id: value.id, value };
}

export function testResource(more: Partial<Resource> = {}): Resource {
  return { path: '/*', verb: 'GET', authType: 'Any', scopes: [], tier: 'Unlimited', ...more };
}

export function testIssuer(issuer: Partial<Issuer> & Pick<Issuer, 'issuer'>): EntityChange {
  return { kind: 'issuer', id: issuer.issuer, value: { keys: [], audience: null, ...issuer } };
}
