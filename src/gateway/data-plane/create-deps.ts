/** Builds what the stages of one thread work with. */
import { createIntrospection, type Introspection } from '../../adapters/key-managers/introspection.ts';
import { type Fault, fault, faults } from '../../core/faults.ts';
import type { Clock } from '../../platform/clock.ts';
import { Fingerprinter } from '../../platform/fingerprint.ts';
import type { EventLog } from '../../platform/log.ts';
import type { Upstream, Wire } from '../../wire/wire.ts';
import { GenerationalCache } from '../caches/generational-cache.ts';
import { SingleFlight } from '../caches/single-flight.ts';
import type { Deps } from '../deps.ts';
import { AccessLog } from '../record/access-log.ts';
import { RequestMetrics } from '../record/request-metrics.ts';
import { RevokedSetReader } from '../revocation/revoked-set.ts';
import type { Issuers } from '../security/issuers.ts';
import { JwtScheme } from '../security/jwt.ts';
import { OpaqueScheme } from '../security/opaque.ts';
import type { Principal } from '../security/principal.ts';
import { PrincipalFactory } from '../security/principal-factory.ts';
import { outOfRoom, serving, servingWord } from '../shared-state.ts';
import { SubscriptionReader } from '../subscriptions/subscription-table.ts';
import { Policies } from '../throttling/policies.ts';
import { RateCounters } from '../throttling/rate-counters.ts';
import type { ThreadData } from './messages.ts';

/** Seconds that a token's `nbf` and `iat` may lie ahead: clocks of two machines are never quite equal. */
const skew = 5;
const notLoaded = fault(faults.notReady);
const full = fault(faults.decisionNotHeld);

/** Connections to the key manager at most, for each thread: nobody can make it open more by asking for tokens. */
const maxToKeyManager = 64;
/** Milliseconds for an answer of the key manager. */
const introspectionTimeout = 10_000;

export async function createDeps(
  data: ThreadData,
  wire: Wire,
  clock: Clock,
  log: EventLog,
): Promise<{ deps: Deps; issuers: Issuers }> {
  const { shared, options } = data;
  const { cache } = options.gateway;
  const { serverUrl, tokenContext, security } = options.keyManager;
  const issuers: Issuers = new Map();
  const fingerprinter = new Fingerprinter(shared.fingerprintKey);
  const principals = new PrincipalFactory(fingerprinter);
  const revoked = new RevokedSetReader(shared.revoked);
  const control = new Int32Array(shared.control);

  const jwt = new JwtScheme({
    issuers,
    principals,
    verified: new GenerationalCache<Principal>(cache.jwt.capacity),
    invalid: new GenerationalCache<true>(cache.invalidToken.capacity),
    verifiedTtl: cache.jwt.ttl * 1000,
    invalidTtl: cache.invalidToken.ttl * 1000,
    skew,
  });
  const opaque = new OpaqueScheme({
    introspect: createIntrospection({
      url: `${serverUrl}/${tokenContext}/introspect`,
      ca: data.ca,
      timeout: introspectionTimeout,
      clientCertificate: data.clientCertificate,
      ...(security.basic.enabled ? { basic: security.basic } : {}),
    }),
    principals,
    revoked,
    validated: new GenerationalCache<Principal>(cache.token.capacity),
    invalid: new GenerationalCache<Fault>(cache.invalidToken.capacity),
    validatedTtl: cache.token.ttl * 1000,
    invalidTtl: cache.invalidToken.ttl * 1000,
    flights: new SingleFlight<Introspection>(),
    log,
  });

  const deps: Deps = {
    clock,
    log,
    options,
    notServing: () => {
      const word = Atomics.load(control, servingWord);
      return word === serving ? undefined : word === outOfRoom ? full : notLoaded;
    },
    fingerprinter,
    schemes: { jwt, opaque },
    revoked,
    subscriptions: new SubscriptionReader(shared.subscriptions),
    policies: new Policies(),
    counters: new RateCounters(shared.counters),
    upstream: upstreams(data, wire),
    metrics: new RequestMetrics(),
    accessLog: new AccessLog(data.accessLog),
  };
  return { deps, issuers };
}

/** One pool of connections for each origin, made at first use. The key manager's knows this gateway's certificate. */
function upstreams({ options, ca, clientCertificate }: ThreadData, wire: Wire): Deps['upstream'] {
  const pools = new Map<string, Upstream>();
  const keyManager = new URL(options.keyManager.serverUrl).origin;
  const { connectTimeout, maxConnections, idleTimeout } = options.gateway.backend;
  return (origin) => {
    let pool = pools.get(origin);
    if (!pool) {
      pool = wire.createUpstream({
        origin,
        connectTimeout,
        maxConnections: origin === keyManager ? maxToKeyManager : maxConnections,
        idleTimeout,
        ca: [ca],
        ...(origin === keyManager ? { clientCertificate } : {}),
      });
      pools.set(origin, pool);
    }
    return pool;
  };
}
