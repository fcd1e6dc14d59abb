/** A control plane's hub over a real store and real TLS, for tests of what follows it. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { openSqliteStore } from '../../src/adapters/stores/sqlite.ts';
import type { ChangeLog, Store } from '../../src/adapters/stores/store.ts';
import { type Hub, mountHub } from '../../src/control-plane/hub.ts';
import { revocationId } from '../../src/core/revocation.ts';
import type { EntityChange } from '../../src/core/snapshot.ts';
import { type Certificates, openCertificates } from '../../src/platform/certificates.ts';
import { type Clock, systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { createRestServer, isEnrolledGateway } from '../../src/platform/rest-server.ts';

export interface HubOptions {
  /** Folder of an earlier hub, whose store goes on. */
  readonly dir?: string;
  /** 0 = a free one. */
  readonly port?: number;
  readonly heartbeat?: number;
  readonly clock?: Clock;
  /** Stands between the store's log and the hub. */
  readonly wrap?: (changes: ChangeLog) => ChangeLog;
}

export interface TestHub extends Hub {
  readonly dir: string;
  readonly url: string;
  readonly port: number;
  readonly store: Store;
  readonly certificates: Certificates;
  /** Records entities in one transaction. */
  commit(...changes: readonly EntityChange[]): Promise<void>;
  /** The server and the store; the folder stays. */
  stop(): Promise<void>;
  remove(): Promise<void>;
}

export async function startHub(options: HubOptions = {}): Promise<TestHub> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'postern-hub-'));
  const clock = options.clock ?? systemClock;
  const certificates = await openCertificates(join(dir, 'certificates'));
  const store = await openSqliteStore(join(dir, 'postern.db'), clock);
  const app: FastifyInstance = createRestServer({ tls: certificates.server, ca: certificates.ca, log: silentLog });
  const { readers } = mountHub(app, {
    changes: options.wrap?.(store.changes) ?? store.changes,
    clock,
    log: silentLog,
    options: { heartbeat: options.heartbeat ?? 1000, changeLogRetention: 24 },
    isEnrolledGateway,
  });
  await app.listen({ host: '127.0.0.1', port: options.port ?? 0 });
  const { port } = app.server.address() as AddressInfo;
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= app.close().then(() => store.close());
    return stopped;
  };
  return {
    dir,
    url: `https://127.0.0.1:${port}`,
    port,
    store,
    certificates,
    readers,
    commit: (...changes) =>
      store.transaction(async (tx) => {
        for (const change of changes) tx.record(change);
      }),
    stop,
    async remove() {
      await stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Of the tokens that `revoked` means. */
export const issuer = 'https://issuer.example';

/** A revocation of the token `jti`, which expires far in the future unless it is told when. */
export function revoked(jti: string, expires = 4_000_000_000): EntityChange {
  const value = { type: 'token', issuer, value: jti, expires } as const;
  return { kind: 'revocation', id: revocationId(value), value };
}

export function key(consumerKey: string): EntityChange {
  return { kind: 'key', id: consumerKey, value: { consumerKey, applicationId: 'a', keyType: 'PRODUCTION' } };
}

/** An HTTPS server with our certificate that answers as the test says. */
export async function serveAsHub(
  certificates: Certificates,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = https.createServer({ ...certificates.server }, answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
