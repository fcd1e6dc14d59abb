/** An installation of ours, filled as a scenario wants it: a key manager with its hub, and gateways that follow it. */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Api, Cors, Resource } from '../../src/core/api.ts';
import { unauthenticated } from '../../src/core/policy.ts';
import { basic, call, postForm } from '../../test/support/call.ts';
import { type Filler, fillInto, resource } from '../../test/support/fill-store.ts';
import { newDataFolder, type Postern, startPostern } from '../../test/support/postern.ts';
import { openTestStore } from '../../test/support/store.ts';
import { insertRevocations, multiplyApi } from './many-entities.ts';
import { pin } from './pinned-process.ts';
import { issuer, scope, type TokenMaker } from './token-maker.ts';

export interface InstallationSetup {
  /** Addresses of back ends: for everything, and for the API `upload`. */
  readonly backEnd: string;
  readonly sink: string;
  readonly tokens: TokenMaker;
  /** Default 1: `/api0/1.0.0`, … */
  readonly apis?: number;
  /** Default 0. */
  readonly revocations?: number;
}

export interface Installation {
  /** Of an application with JWTs. */
  readonly consumerKey: string;
  /** Of one for which nothing is counted. */
  readonly unlimitedConsumerKey: string;
  /** An opaque access token of another application. */
  opaqueToken(): Promise<string>;
  /** A gateway with one thread, bound to the processor that is measured. */
  startGateway(wire: 'net' | 'node', options?: GatewayStart): Promise<Postern>;
  /** Gateways are stopped with it. */
  stop(): Promise<void>;
}

export interface GatewayStart {
  readonly env?: Readonly<Record<string, string>>;
  /** File of the access log. Default `off`. */
  readonly accessLog?: string;
}

/** Limits that are counted and never reached. */
const countless = { count: 1_000_000_000, windowMs: 60_000 };
const tier = 'Bench';
const anyOrigin: Cors = { allowOrigins: ['*'], allowCredentials: false, allowMethods: ['GET'], allowHeaders: [] };

export async function openInstallation(setup: InstallationSetup): Promise<Installation> {
  const data = newDataFolder();
  const { apis = 1, revocations = 0 } = setup;
  const store = await openTestStore(data);
  const { jwt, opaque, unlimited } = await fillInto(store, data, (fill) => fillApis(fill, setup));
  await store.transaction(({ db }) => multiplyApi(db, 'api0', apis));
  await store.transaction(({ db }) => insertRevocations(db, issuer, revocations));
  const manager = await startPostern({ role: 'key-manager', data });
  pin(manager.pid, 'other');
  // At its start it gives all issuers of ours its own keys; this one has others.
  await store.transaction(async (tx) => tx.record(setup.tokens.entity));
  await store.close();
  const gateways: Postern[] = [];
  const folders = [data];
  return {
    consumerKey: jwt.key,
    unlimitedConsumerKey: unlimited.key,
    async opaqueToken() {
      const form = { grant_type: 'client_credentials', scope };
      const answer = await postForm(`${manager.server}/oauth2/token`, form, basic(opaque.key, opaque.secret));
      if (answer.status !== 200) throw new Error(`the key manager gave no token: ${answer.status} ${answer.body}`);
      return answer.json().access_token;
    },
    async startGateway(wire, { env = {}, accessLog = 'off' } = {}) {
      const folder = newDataFolder();
      folders.push(folder);
      cpSync(join(data, 'certificates'), join(folder, 'certificates'), { recursive: true });
      const gateway = await startPostern({
        role: 'gateway',
        data: folder,
        env,
        args: [
          `--gateway.wire=${wire}`,
          `--controlPlane.url=${manager.server}`,
          `--keyManager.serverUrl=${manager.server}`,
          '--gateway.threads=1',
          `--gateway.accessLog=${accessLog}`,
          '--gateway.keepAliveTimeout=600000',
          // Room for a million revocations, and some more.
          '--gateway.revocation.capacity=1045000',
        ],
      });
      pin(gateway.pid, 'measured');
      gateways.push(gateway);
      const url = `${gateway.http}/api${apis - 1}/1.0.0/menu`;
      const authorization = `Bearer ${await setup.tokens.make(jwt.key)}`;
      const { status, body } = await call(url, { headers: { authorization }, fresh: true });
      if (status !== 200) throw new Error(`${url}: expected 200, got ${status} ${body}`);
      return gateway;
    },
    async stop() {
      await Promise.all(gateways.map((gateway) => gateway.stop()));
      await manager.stop();
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function fillApis(fill: Filler, { backEnd, sink }: InstallationSetup) {
  for (const level of ['resource', 'subscription', 'application'] as const) {
    fill.policy({ level, name: tier, limit: countless, stopOnQuota: true });
  }
  fill.policy({ level: 'subscription', name: unauthenticated, limit: countless, stopOnQuota: true });
  const scopes = [{ name: scope, roles: [] }];
  const guarded = { scopes: [scope], tier };
  const resources = [resource('GET', '/menu', guarded), resource('GET', '/files/{name}', guarded)];
  const api0 = await fill.api('api0', { endpoints: { production: { url: backEnd } }, resources, scopes });
  const upload = { resources: [resource('POST', '/body', { tier })], endpoints: { production: { url: sink } } };
  // One feature more each (scenarios/features.ts).
  const one = (name: string, more: Partial<Resource>, api: Partial<Api> = {}) =>
    fill.api(name, {
      endpoints: { production: { url: backEnd } },
      resources: [resource('GET', '/menu', more)],
      ...api,
    });
  await one('open', { authType: 'None' });
  const known = await one('known', {});
  const scoped = await one('scoped', { scopes: [scope] }, { scopes });
  const counted = await one('counted', guarded, { scopes });
  const shared = await one('shared', guarded, { scopes, cors: anyOrigin });
  const mine = [api0, await fill.api('upload', upload), counted, shared];
  const more = { tier, subscriptionTier: tier, subscribe: mine };
  return {
    unlimited: await fill.application('unlimited', { subscribe: [known, scoped] }),
    jwt: await fill.application('jwt', more),
    opaque: await fill.application('opaque', { ...more, tokenType: 'OPAQUE' }),
  };
}
