/** What the main thread and the data-plane threads of a gateway tell each other. */
import type { Api } from '../../core/api.ts';
import type { DenyRule } from '../../core/deny-rule.ts';
import type { Policy } from '../../core/policy.ts';
import type { Issuer } from '../../core/token.ts';
import type { CertificateAndKey } from '../../platform/certificates.ts';
import type { ServerTls } from '../../wire/wire.ts';
import type { FixedConfiguration } from '../fixed-configuration.ts';
import type { GatewayOptions } from '../options.ts';
import type { ApiCounts } from '../record/request-metrics.ts';
import type { SharedState } from '../shared-state.ts';
import type { LogLine } from './thread-log.ts';

/** A change as a thread needs it. What isn't here (subscriptions, keys, revocations) is in shared memory. */
export type ThreadChange =
  | { readonly kind: 'api'; readonly id: string; readonly ordinal: number; readonly value: Api | null }
  | { readonly kind: 'issuer'; readonly id: string; readonly value: Issuer | null }
  /** `application`: number of the one that a rule about an application means; null = there is no such application. */
  | {
      readonly kind: 'deny';
      readonly id: string;
      readonly value: DenyRule | null;
      readonly application: number | null;
    }
  /** `number` stands for the policy in shared memory. */
  | { readonly kind: 'policy'; readonly id: string; readonly number: number; readonly value: Policy | null };

/** Ports to listen on; 0 = a free one. */
export interface Ports {
  readonly http: number;
  readonly https: number;
  /** For the token endpoints alone, with TLS; null = there is no such listener. */
  readonly token: number | null;
}

/** What a thread is started with. */
export interface ThreadData {
  readonly slot: number;
  readonly options: GatewayOptions;
  readonly shared: SharedState;
  readonly ports: Ports;
  readonly reusePort: boolean;
  readonly tls: ServerTls;
  readonly ca: string;
  /** PEM certificates to verify servers by besides `ca`; null = the system's. */
  readonly authorities: readonly string[] | null;
  /** Of a microgateway. */
  readonly fixed: Pick<FixedConfiguration, 'basicUsers' | 'opaqueSubscriptions'> | null;
  /** By which the key manager knows this gateway. */
  readonly clientCertificate: CertificateAndKey;
  readonly accessLog: string | null;
  readonly changes: readonly ThreadChange[];
}

/**
 * What came of looking for an issuer's keys: they are known as well as can be; they could not be had; or they may be
 * looked for again only in so many seconds.
 */
export type KeyRenewal = 'renewed' | 'failed' | { readonly retryAfter: number };

/** What only the main thread can find out, so that it is found out once for all threads. */
export type Question =
  /** Have the keys that this issuer publishes fetched again. Answer: a `KeyRenewal`. */
  | { readonly about: 'keys'; readonly issuer: string }
  /** An access token for introspection; not `rejected`. Answer: an `AccessToken`. */
  | { readonly about: 'credentials'; readonly rejected: string | null };

export type ToThread =
  | { readonly type: 'changes'; readonly changes: readonly ThreadChange[] }
  | { readonly type: 'collect'; readonly request: number }
  /** The client certificate was renewed. */
  | { readonly type: 'certificate'; readonly certificate: CertificateAndKey }
  /** The answer to a question; changes that belong to it went before. */
  | { readonly type: 'answer'; readonly question: number; readonly value: unknown; readonly error?: string }
  /** Other certificates or ticket keys for handshakes from now on. */
  | { readonly type: 'tls'; readonly tls: ServerTls }
  | { readonly type: 'drain' };

export type FromThread =
  | { readonly type: 'listening'; readonly ports: Ports }
  /** It can't listen; the system's error. */
  | { readonly type: 'failed'; readonly code: string; readonly message: string; readonly port: number }
  /** The changes of the last message. */
  | { readonly type: 'applied' }
  | { readonly type: 'log'; readonly line: LogLine }
  | { readonly type: 'question'; readonly question: number; readonly about: Question }
  | { readonly type: 'counts'; readonly request: number; readonly counts: ApiCounts[] };
