/** What the main thread and the data-plane threads of a gateway tell each other. */
import type { Api } from '../../core/api.ts';
import type { Policy } from '../../core/policy.ts';
import type { Issuer } from '../../core/token.ts';
import type { GatewayOptions } from '../options.ts';
import type { ApiCounts } from '../record/request-metrics.ts';
import type { SharedState } from '../shared-state.ts';
import type { LogLine } from './thread-log.ts';

/** A change as a thread needs it. What isn't here (subscriptions, keys, revocations) is in shared memory. */
export type ThreadChange =
  | { readonly kind: 'api'; readonly id: string; readonly ordinal: number; readonly value: Api | null }
  | { readonly kind: 'issuer'; readonly id: string; readonly value: Issuer | null }
  /** `number` stands for the policy in shared memory. */
  | { readonly kind: 'policy'; readonly id: string; readonly number: number; readonly value: Policy | null };

/** What a thread is started with. */
export interface ThreadData {
  readonly slot: number;
  readonly options: GatewayOptions;
  readonly shared: SharedState;
  readonly ports: { readonly http: number; readonly https: number };
  readonly reusePort: boolean;
  readonly tls: { readonly cert: string; readonly key: string };
  readonly ca: string;
  readonly clientCertificate: { readonly cert: string; readonly key: string };
  readonly accessLog: string | null;
  readonly changes: readonly ThreadChange[];
}

export type ToThread =
  | { readonly type: 'changes'; readonly changes: readonly ThreadChange[] }
  | { readonly type: 'collect'; readonly request: number }
  | { readonly type: 'drain' };

export type FromThread =
  | { readonly type: 'listening'; readonly ports: { readonly http: number; readonly https: number } }
  /** It can't listen; the system's error. */
  | { readonly type: 'failed'; readonly code: string; readonly message: string; readonly port: number }
  | { readonly type: 'log'; readonly line: LogLine }
  | { readonly type: 'counts'; readonly request: number; readonly counts: ApiCounts[] };
