/**
 * The gateway process: its main thread. It follows the control plane, keeps the disk copy, writes the memory that the
 * data-plane threads read, and opens the gate only when APIs and revocations are there.
 */
import { join } from 'node:path';
import type { ChangeSource } from '../adapters/brokers/source.ts';
import type { CertificateAndKey, Certificates } from '../platform/certificates.ts';
import type { Clock } from '../platform/clock.ts';
import { Fingerprinter, newFingerprintKey } from '../platform/fingerprint.ts';
import type { Log } from '../platform/log.ts';
import { settledTime } from '../platform/settled-time.ts';
import { startAdminServer } from './control/admin-server.ts';
import { announcing } from './control/announcing.ts';
import { DataPlane, threadCount } from './control/data-plane.ts';
import { DiskCopy, DiskCopyError, storedFingerprintKey } from './control/disk-copy.ts';
import { Entities } from './control/entities.ts';
import type { EntitySink } from './control/entity-sink.ts';
import { Follower } from './control/follower.ts';
import { Gate } from './control/gate.ts';
import { gaugesOf } from './control/gauges.ts';
import { Handshakes } from './control/handshakes.ts';
import { openKeyManagers } from './control/key-managers.ts';
import { openWhenLoaded } from './control/open-when-loaded.ts';
import { renderMetrics } from './control/prometheus.ts';
import { PublishedKeys } from './control/published-keys.ts';
import { sweepExpired } from './control/sweep-expired.ts';
import { watchFreshness } from './control/watch-freshness.ts';
import type { FixedConfiguration } from './fixed-configuration.ts';
import { Freshness } from './freshness.ts';
import type { GatewayOptions } from './options.ts';
import { RevokedSet } from './revocation/revoked-set.ts';
import { introspectionTtl } from './security/introspection-ttl.ts';
import { allocateControl, type SharedState } from './shared-state.ts';
import { SubscriptionTable } from './subscriptions/subscription-table.ts';
import { RateCounters } from './throttling/rate-counters.ts';

export interface GatewayDeps {
  readonly options: GatewayOptions;
  /** Folder for the disk copy. */
  readonly data: string;
  /** File of the access log; null = none. */
  readonly accessLog: string | null;
  readonly certificates: Certificates;
  /** Where changes come from; null = nowhere, the gateway serves what is on its disk. */
  readonly source: ChangeSource | null;
  /**
   * Milliseconds for which it is no news that the source is not there yet, because it is started together with this
   * gateway. Default 0: as long as when it is lost.
   */
  readonly sourceStartup?: number;
  /** Makes it a microgateway; null = every API comes from the source. */
  readonly fixed: FixedConfiguration | null;
  /**
   * PEM certificates that key managers, JWKS addresses and back ends are verified by, besides the internal authority;
   * null = the system's.
   */
  readonly authorities: readonly string[] | null;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Gateway {
  readonly ports: {
    readonly http: number;
    readonly https: number;
    readonly admin: number;
    /** The token listener of a microgateway; null = there is none. */
    readonly token: number | null;
  };
  /** Resolves when traffic is served. Until then it is answered with 503. */
  readonly serving: Promise<void>;
  /** Shows clients this certificate from now on; their connections go on. */
  useCertificate(certificate: CertificateAndKey): void;
  /** Shows the key manager this certificate from now on: the one that it began with was renewed. */
  present(certificate: CertificateAndKey): void;
  /** Lets requests in flight finish, then ends everything. */
  stop(): Promise<void>;
}

/** Resolves when the gateway listens. */
export async function startGateway(deps: GatewayDeps): Promise<Gateway> {
  const { options, certificates, clock, log, source, sourceStartup = 0, fixed } = deps;
  const { gateway } = options;
  const threads = threadCount(gateway.threads);
  const folder = join(deps.data, 'gateway');
  const fingerprintKey = storedFingerprintKey(folder) ?? newFingerprintKey();
  const fingerprinter = new Fingerprinter(fingerprintKey);
  const full = (option: string): void => gate.shut(`there is no more room: raise ${option}`);
  const revoked = new RevokedSet(fingerprinter, {
    capacity: gateway.revocation.capacity,
    overflow: () => full('gateway.revocation.capacity'),
  });
  const table = new SubscriptionTable(gateway.subscriptions.capacity);
  const counterBuffer = RateCounters.allocate(gateway.rateCounters.capacity);
  const counters = new RateCounters(counterBuffer);
  const proofs = new RateCounters(RateCounters.allocate(gateway.dpop.capacity));
  const shared: SharedState = {
    fingerprintKey,
    revoked: revoked.buffers,
    counters: counterBuffer,
    proofs: proofs.buffer,
    subscriptions: table.buffers,
    freshness: source && Freshness.allocate(),
    control: allocateControl(threads),
  };
  const freshness = shared.freshness && new Freshness(shared.freshness, clock);
  const gate = new Gate(shared.control, log);
  const entities = new Entities({
    fingerprinter,
    revoked,
    table,
    publish: (changes) => {
      // First, so that a thread that knows of an API asks for the certificates that it accepts.
      handshakes.watch(changes);
      dataPlane.publish(keys.watch(changes));
    },
    overflow: full,
    refused: ({ kind, id }, reason) => log.error({ err: reason, kind, id }, 'an entity could not be applied'),
  });
  const trust = { ca: certificates.ca, authorities: deps.authorities, clientCertificate: certificates.gateway };
  const keyManagers = openKeyManagers({
    options,
    folder,
    trust,
    clock,
    log,
  });
  const keys = new PublishedKeys({
    fetch: keyManagers.fetchJwks,
    publish: (changes) => dataPlane.publish(changes),
    refresh: gateway.jwks.refresh * 1000,
    cooldown: gateway.jwks.cooldown * 1000,
    log,
  });
  const handshakes = new Handshakes(certificates.server, gateway.clientCertificate.ask === 'always', (tls) =>
    dataPlane.useTls(tls),
  );
  const dataPlane = new DataPlane({
    common: {
      options,
      fixed: fixed && { basicUsers: fixed.basicUsers, opaqueSubscriptions: fixed.opaqueSubscriptions },
      authorities: deps.authorities,
      shared,
      tls: handshakes.tls,
      ca: certificates.ca,
      clientCertificate: certificates.gateway,
      accessLog: deps.accessLog,
    },
    threads,
    ports: { http: gateway.httpPort, https: gateway.httpsPort, token: fixed?.tokenListenerPort ?? null },
    changes: () => keys.complete(entities.threadChanges()),
    answer: (question) =>
      question.about === 'keys' ? keys.renew(question.issuer) : keyManagers.introspectionToken(question.rejected),
    log,
  });
  const settled = settledTime(clock);
  const disk = new DiskCopy(folder, { revoked, fingerprintKey, clock, settled, log });
  const given = fixed && (await openFixedEntities(entities, fixed));
  const sink = announcing(given ?? entities, shared.control);
  const follower = source && freshness && new Follower({ source, sourceStartup, disk, sink, freshness, clock, log });

  const status = () => ({
    serving: gate.isOpen,
    shut: gate.reason(follower?.state.sourceFailure ?? null),
    threads: { running: dataPlane.threads, replaced: dataPlane.replaced },
    entities: entities.counts(),
    source: follower?.state ?? null,
    publishedKeys: keys.state,
    introspection: { keptSeconds: introspectionTtl(gateway, source !== null) },
  });
  const metrics = async () =>
    renderMetrics(
      await dataPlane.collect(),
      gaugesOf({
        ready: gate.isOpen,
        threads: dataPlane.threads,
        revoked,
        source: follower?.state ?? null,
        freshness,
      }),
    );

  given?.start();
  const copied = await (follower ? follower.start() : loadCopy(disk, sink));
  await dataPlane.start();
  const admin = await startAdminServer(gateway.adminPort, { metrics, status, ready: () => gate.isOpen });
  const stopSweeping = sweepExpired({ revoked, counters, proofs, clock, settled, log });
  const stopWatching =
    follower && freshness
      ? watchFreshness({
          freshness,
          clock,
          log,
          maxStaleness: gateway.maxStaleness,
          sourceStartup,
          failure: () => follower.state.sourceFailure,
          settled,
          recall: (why) => follower.recall(why),
        })
      : () => {};

  return {
    ports: { ...dataPlane.ports, admin: admin.port },
    serving: openWhenLoaded(gate, follower, dataPlane, copied, gateway.startupWait),
    useCertificate: (certificate) => handshakes.use(certificate),
    present(certificate) {
      trust.clientCertificate = certificate;
      dataPlane.present(certificate);
    },
    async stop() {
      handshakes.stop();
      stopSweeping();
      stopWatching();
      keys.stop();
      admin.server.close();
      await dataPlane.drain();
      await (follower ? follower.stop() : disk.close());
    },
  };
}

/** @throws Error if something that was given can't be used */
async function openFixedEntities(entities: Entities, { entities: given, basicUsers }: FixedConfiguration) {
  const [{ FixedEntities }, { readPasswordHash }] = await Promise.all([
    import('./control/fixed-entities.ts'),
    import('./security/basic.ts'),
  ]);
  for (const user of basicUsers) readPasswordHash(user);
  return new FixedEntities(entities, given);
}

/** Without a source the copy on disk is all there is. */
async function loadCopy(disk: DiskCopy, sink: EntitySink): Promise<boolean> {
  const copy = await disk.load();
  if (copy?.header === null)
    throw new DiskCopyError('the disk copy is damaged, and no source is configured to load it anew');
  if (copy) sink.replace(copy.entities);
  return true;
}
