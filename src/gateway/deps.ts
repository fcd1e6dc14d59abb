/** What the stages work with: one set per data-plane thread. */
import type { Fault } from '../core/faults.ts';
import type { Clock } from '../platform/clock.ts';
import type { Fingerprinter } from '../platform/fingerprint.ts';
import type { EventLog } from '../platform/log.ts';
import type { Pools } from './backends/backend.ts';
import type { TellBackend } from './forwarding/tell-backend.ts';
import type { TrustedProxies } from './forwarding/trusted-proxies.ts';
import type { Freshness } from './freshness.ts';
import type { GatewayOptions } from './options.ts';
import type { AccessLog } from './record/access-log.ts';
import type { RequestMetrics } from './record/request-metrics.ts';
import type { RevokedSetReader } from './revocation/revoked-set.ts';
import type { Schemes } from './security/index.ts';
import type { MutualTls } from './security/mutual-tls.ts';
import type { Possession } from './security/possession.ts';
import type { SubscriptionReader } from './subscriptions/subscription-table.ts';
import type { DenyRules } from './throttling/deny-rules.ts';
import type { Policies } from './throttling/policies.ts';
import type { RateCounters } from './throttling/rate-counters.ts';

export interface Deps {
  readonly clock: Clock;
  readonly log: EventLog;
  readonly options: GatewayOptions;
  /** Why no traffic is served at present; undefined = it is. */
  readonly notServing: () => Fault | undefined;
  /** `SharedState.control`. */
  readonly control: Int32Array;
  /** null = no source could know better than this gateway. */
  readonly freshness: Freshness | null;
  readonly fingerprinter: Fingerprinter;
  readonly schemes: Schemes;
  readonly mutualTls: MutualTls;
  readonly possession: Possession;
  readonly revoked: RevokedSetReader;
  readonly subscriptions: SubscriptionReader;
  readonly policies: Policies;
  readonly denyRules: DenyRules;
  /** The number that stands for a policy in `policies`, by its entity id. */
  readonly policyNumbers: ReadonlyMap<string, number>;
  readonly counters: RateCounters;
  /** The pool of connections to an origin; made at first use. */
  readonly upstream: Pools;
  /** null = none is trusted. */
  readonly proxies: TrustedProxies | null;
  /** What back ends are told about who asks. */
  readonly tellBackend: TellBackend;
  readonly metrics: RequestMetrics;
  readonly accessLog: AccessLog;
}
