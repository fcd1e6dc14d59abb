/** Builds what the stages of one thread work with. */
import type { X509Certificate } from 'node:crypto';
import type { Introspection } from '../../adapters/key-managers/introspection.ts';
import type { Trust } from '../../adapters/key-managers/trust.ts';
import { type Fault, fault, faults } from '../../core/faults.ts';
import type { CertificateAndKey } from '../../platform/certificates.ts';
import type { Clock } from '../../platform/clock.ts';
import { Fingerprinter } from '../../platform/fingerprint.ts';
import type { EventLog } from '../../platform/log.ts';
import type { Upstream, Wire } from '../../wire/wire.ts';
import { GenerationalCache } from '../caches/generational-cache.ts';
import { SingleFlight } from '../caches/single-flight.ts';
import type { Deps } from '../deps.ts';
import { tellBackend } from '../forwarding/tell-backend.ts';
import { TrustedProxies } from '../forwarding/trusted-proxies.ts';
import { Freshness } from '../freshness.ts';
import { AccessLog } from '../record/access-log.ts';
import { RequestMetrics } from '../record/request-metrics.ts';
import { RevokedSetReader } from '../revocation/revoked-set.ts';
import { ApiKeyScheme } from '../security/api-key.ts';
import { BasicScheme } from '../security/basic.ts';
import { DpopProofs } from '../security/dpop-proof.ts';
import { introspectionTtl } from '../security/introspection-ttl.ts';
import type { Issuers } from '../security/issuers.ts';
import { JwtScheme } from '../security/jwt.ts';
import { JwtVerifier } from '../security/jwt-verifier.ts';
import { MutualTls } from '../security/mutual-tls.ts';
import { OpaqueScheme } from '../security/opaque.ts';
import { PassedOnCertificate } from '../security/passed-on-certificate.ts';
import { Possession } from '../security/possession.ts';
import type { Principal } from '../security/principal.ts';
import { PrincipalFactory } from '../security/principal-factory.ts';
import { outOfRoom, serving, servingWord } from '../shared-state.ts';
import { SubscriptionReader } from '../subscriptions/subscription-table.ts';
import { DenyRules } from '../throttling/deny-rules.ts';
import { Policies } from '../throttling/policies.ts';
import { RateCounters } from '../throttling/rate-counters.ts';
import { type Ask, introspectAtKeyManager } from './introspect.ts';
import type { KeyRenewal, ThreadData } from './messages.ts';

const notLoaded = fault(faults.notReady);
const full = fault(faults.decisionNotHeld);

/** Connections to the key manager at most, for each thread: nobody can make it open more by asking for tokens. */
const maxToKeyManager = 64;

/** Certificates passed on by proxies that are remembered, for each thread. */
const passedOnCapacity = 1000;

export interface ThreadDeps {
  readonly deps: Deps;
  readonly issuers: Issuers;
  readonly policyNumbers: Map<string, number>;
  /** From now on the key manager is shown this one. */
  present(certificate: CertificateAndKey): void;
}

export async function createDeps(
  data: ThreadData,
  wire: Wire,
  clock: Clock,
  log: EventLog,
  ask: Ask,
): Promise<ThreadDeps> {
  const { shared, options, ca, authorities } = data;
  const { cache } = options.gateway;
  const kept = introspectionTtl(options.gateway, shared.freshness !== null);
  const issuers: Issuers = new Map();
  const policyNumbers = new Map<string, number>();
  const fingerprinter = new Fingerprinter(shared.fingerprintKey);
  const principals = new PrincipalFactory(fingerprinter);
  const revoked = new RevokedSetReader(shared.revoked);
  const control = new Int32Array(shared.control);
  const trust = { ca, authorities, clientCertificate: data.clientCertificate };
  const { upstream, keyManager } = upstreams(options, trust, wire);

  const flights = new SingleFlight<KeyRenewal>();
  const verifier = (use: 'access token' | 'API key') =>
    new JwtVerifier({
      issuers,
      invalid: new GenerationalCache<true>(cache.invalidToken.capacity),
      invalidTtl: cache.invalidToken.ttl * 1000,
      skew: options.gateway.clockSkew / 1000,
      use,
      renewKeys: (issuer) =>
        flights.run(issuer, () => ask({ about: 'keys', issuer }).catch(() => 'failed') as Promise<KeyRenewal>),
    });
  const jwt = new JwtScheme({
    verifier: verifier('access token'),
    principals,
    verified: new GenerationalCache<Principal>(cache.jwt.capacity),
    verifiedTtl: cache.jwt.ttl * 1000,
  });
  const apiKey = new ApiKeyScheme({
    verifier: verifier('API key'),
    principals,
    verified: new GenerationalCache<Principal>(cache.apiKey.capacity),
    verifiedTtl: cache.apiKey.ttl * 1000,
  });
  const basic = new BasicScheme(data.fixed?.basicUsers ?? [], principals);
  const opaque = new OpaqueScheme({
    introspect: introspectAtKeyManager(options.keyManager, trust, clock, ask),
    issuers,
    issuer: options.keyManager.issuer,
    subscriptions: data.fixed?.opaqueSubscriptions ?? 'data',
    principals,
    revoked,
    validated: new GenerationalCache<Principal>(cache.token.capacity),
    invalid: new GenerationalCache<Fault>(cache.invalidToken.capacity),
    validatedTtl: kept.ours * 1000,
    foreignTtl: kept.foreign * 1000,
    invalidTtl: cache.invalidToken.ttl * 1000,
    flights: new SingleFlight<Introspection>(),
    log,
  });

  const passedOn = new PassedOnCertificate(
    options.gateway.clientCertificate,
    new GenerationalCache<X509Certificate>(passedOnCapacity),
  );

  const { forwarded } = options.gateway;
  const believedIn = forwarded.fields === 'forwarded' ? 'forwarded' : 'x-forwarded-for';
  const proxies = forwarded.trustedProxies.length > 0 ? new TrustedProxies(forwarded.trustedProxies, believedIn) : null;
  const proofs = new DpopProofs({
    fingerprinter,
    shown: new RateCounters(shared.proofs),
    hosts: options.gateway.dpop.hosts,
    proxies,
  });
  const deps: Deps = {
    clock,
    log,
    options,
    notServing: () => {
      const word = Atomics.load(control, servingWord);
      return word === serving ? undefined : word === outOfRoom ? full : notLoaded;
    },
    control,
    freshness: shared.freshness && new Freshness(shared.freshness, clock),
    fingerprinter,
    schemes: { jwt, opaque, basic, apiKey },
    mutualTls: new MutualTls(principals, passedOn),
    possession: new Possession(proofs, passedOn),
    revoked,
    subscriptions: new SubscriptionReader(shared.subscriptions),
    policies: new Policies(),
    policyNumbers,
    denyRules: new DenyRules(),
    counters: new RateCounters(shared.counters),
    upstream,
    metrics: new RequestMetrics(options.gateway.metrics.apis),
    proxies,
    tellBackend: tellBackend(forwarded, proxies),
    accessLog: new AccessLog(data.accessLog, log),
  };
  return {
    deps,
    issuers,
    policyNumbers,
    present(certificate) {
      trust.clientCertificate = certificate;
      keyManager()?.present(certificate);
    },
  };
}

/** One pool of connections for each origin (and what is trusted there), made at first use. The key manager's knows this gateway's certificate. */
function upstreams({ keyManager, gateway }: ThreadData['options'], whom: Trust, wire: Wire) {
  const pools = new Map<string, Upstream>();
  const atKeyManager = new URL(keyManager.serverUrl).origin;
  const { connectTimeout, maxConnections, idleTimeout, offerHttp2, http2Origins } = gateway.backend;
  const upstream: Deps['upstream'] = (origin, trust = []) => {
    // Who is believed on one connection is not believed on another.
    const key = [origin, ...trust].join('\n');
    let pool = pools.get(key);
    if (!pool) {
      const { ca, authorities, clientCertificate } = whom;
      pool = wire.createUpstream({
        origin,
        connectTimeout,
        maxConnections: origin === atKeyManager ? maxToKeyManager : maxConnections,
        idleTimeout,
        ca: [ca, ...(authorities ?? []), ...trust],
        ...(origin === atKeyManager && clientCertificate ? { clientCertificate } : {}),
        ...(http2Origins.includes(origin)
          ? { http2: 'only' }
          : offerHttp2 && origin !== atKeyManager
            ? { http2: 'offered' }
            : {}),
      });
      pools.set(key, pool);
    }
    return pool;
  };
  return { upstream, keyManager: () => pools.get(atKeyManager) };
}
