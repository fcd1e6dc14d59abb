/** What happened in a run, as the checker reads it. Times are milliseconds of the harness's own clock, which nobody sets. */
import type { ScarcitySample } from './scarcity.ts';

export interface TokenRecord {
  readonly form: 'JWT' | 'OPAQUE';
  /** Index of the application that it was issued to. */
  readonly application: number;
  /** When it was asked for, and when it came. */
  readonly asked: number;
  readonly got: number;
}

export interface RequestRecord {
  /** Index of the token, and of the gateway that it was used at. */
  readonly token: number;
  readonly gateway: number;
  readonly start: number;
  readonly end: number;
  /** 0 = no answer came. */
  readonly status: number;
  /** Of the fault; 0 = none. */
  readonly code: number;
  /** Sent when everything was healed and had had its time. */
  readonly final?: boolean;
}

/**
 * `token`: /revoke, or what takes its place was given out, or the code that it came from was presented again. `client`: everything of an
 * application, by a third node on the same store.
 */
export interface RevocationRecord {
  readonly by: 'token' | 'client';
  /** Index of the application, if it is by `client`. */
  readonly application?: number;
  /** What is revoked if it succeeds. */
  readonly tokens: readonly number[];
  /** What may be revoked: it was issued meanwhile. */
  readonly doubtful: readonly number[];
  readonly start: number;
  /** When success was answered; null = nobody knows whether it happened. */
  readonly answered: number | null;
}

/** Somebody presented a code or a refresh token at a key manager. */
export interface PresentationRecord {
  readonly what: 'code' | 'refresh token';
  /** Which one: each has a number. */
  readonly which: number;
  readonly application: number;
  /** Index of the access token that a refresh token came with; null = of a code. */
  readonly token: number | null;
  /** When what is presented was asked for. */
  readonly issued: number;
  readonly start: number;
  readonly end: number;
  /** `tokens`; `refused` = `invalid_grant`; `unknown` = no answer, or that somebody else could not be reached. */
  readonly answer: 'tokens' | 'refused' | 'unknown';
}

/** From its start to its end a process of a gateway. */
export interface LifeRecord {
  readonly gateway: number;
  readonly spawned: number;
  /** When it said that it served; null = never. */
  ready: number | null;
  died: number | null;
}

/**
 * A source of a gateway could not be reached (`broken`: connections end), told nothing, or not everything (`silent`), or
 * told it late (`slow`).
 */
export interface OutageRecord {
  readonly gateway: number;
  readonly source: number;
  readonly how: 'broken' | 'silent' | 'slow';
  /** Milliseconds that each piece waits where it is slow. */
  readonly delay: number;
  readonly from: number;
  /** null = to the end. */
  until: number | null;
}

export interface FaultRecord {
  readonly kind: string;
  readonly target: string;
  readonly from: number;
  until: number | null;
}

/** A backup was put back: the store knows nothing of what was decided in between. */
export interface RestoreRecord {
  /** The backup holds what had happened by then. */
  readonly backup: number;
  /** The store was stopped, and was there again. */
  readonly stopped: number;
  readonly restored: number;
}

/** What a gateway says of itself at the end. */
export interface FinalState {
  readonly gateway: number;
  /** `epoch:number`, as `/status` has it. */
  readonly position: string | null;
  readonly reloads: number;
  readonly gaps: number;
  readonly refused: number;
}

export interface GatewayKind {
  readonly name: string;
  /** How many sources it has. */
  readonly sources: number;
  /** Milliseconds after which it refuses without word from a source; null = it goes on. */
  readonly maxStaleness: number | null;
}

export interface History {
  readonly gateways: readonly GatewayKind[];
  readonly tokens: readonly TokenRecord[];
  readonly requests: readonly RequestRecord[];
  readonly revocations: readonly RevocationRecord[];
  readonly presentations: readonly PresentationRecord[];
  readonly lives: readonly LifeRecord[];
  readonly outages: readonly OutageRecord[];
  readonly faults: readonly FaultRecord[];
  /** In order. */
  readonly scarcity: readonly ScarcitySample[];
  readonly restore: RestoreRecord | null;
  /** `epoch:number` of the store at the end; null = it was not asked. */
  readonly head: string | null;
  readonly final: readonly FinalState[];
}
