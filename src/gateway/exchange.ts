/** The one object of a request: what came, what was decided about it, and how it ended. */
import { performance } from 'node:perf_hooks';
import type { KeyType } from '../core/application.ts';
import type { Fault } from '../core/faults.ts';
import type { AnswerHead, Field, ForwardFailure, ForwardHandler, HeadEdits, ServerExchange } from '../wire/wire.ts';
import type { Backend } from './backends/backend.ts';
import type { Route } from './routes.ts';
import type { Principal } from './security/principal.ts';

const noNames: readonly string[] = [];
const noFields: readonly Field[] = [];

/** What an exchange tells the pipeline that runs it. */
export interface Completion {
  /** The back end's head is there: what to change in it. */
  answering(x: Exchange, head: AnswerHead): HeadEdits | null;
  /** The exchange with the back end is over, well or not. */
  ended(x: Exchange, failure: ForwardFailure | null, answered: boolean): void;
}

export class Exchange implements ForwardHandler {
  readonly wire: ServerExchange;
  /** Milliseconds since the epoch at the request's arrival; every decision about it uses this instant. */
  readonly now: number;
  /** `performance.now()` at arrival, for durations. */
  readonly started: number;
  /** The address that asks: the connection's, or what a trusted proxy says. */
  readonly clientAddress: string;

  /** What the request's path and verb lead to; set by match-route. */
  route: Route | null = null;
  /** The path below the API's context, with the query, as it goes to the back end. */
  rest = '';
  /** Who calls; null where the resource needs no token. */
  principal: Principal | null = null;
  /** Of the calling application; 0 = none. Set by check-subscription with what follows. */
  application = 0;
  keyType: KeyType = 'PRODUCTION';
  /** Index of the application's policy and of the subscription's in `Policies`; -1 = no such limit. */
  applicationTier = -1;
  subscriptionTier = -1;

  /** Where it is sent, without which fields; and which of the addresses it was sent to first and last. */
  backend: Backend | null = null;
  removed: readonly string[] = noNames;
  /** With which fields besides, and whether with those that clients have no say in. */
  added: readonly Field[] = noFields;
  keepsReserved = false;
  firstTarget = 0;
  target = 0;

  /** Status that the client got; 0 while it has none. */
  status = 0;
  /** The refusal, if it was refused. */
  fault: Fault | null = null;
  /** `performance.now()` when the back end was called; 0 = it wasn't. */
  backendStarted = 0;
  /** How the back end failed, if it did. */
  failure: ForwardFailure | null = null;

  readonly #completion: Completion;

  constructor(wire: ServerExchange, now: number, completion: Completion, clientAddress = wire.remoteAddress) {
    this.wire = wire;
    this.clientAddress = clientAddress;
    this.now = now;
    this.started = performance.now();
    this.#completion = completion;
  }

  onHead(status: number, head: AnswerHead): HeadEdits | null {
    this.status = status;
    return this.#completion.answering(this, head);
  }

  onEnd(failure: ForwardFailure | null, answered: boolean): void {
    this.failure = failure;
    this.#completion.ended(this, failure, answered);
  }
}
