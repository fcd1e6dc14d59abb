/**
 * THE LIST. A request goes through these stages from top to bottom; this file is all there is to its way.
 *
 * `matchRoute` finds the API, version and resource. The stages after it were compiled for that resource (on its first
 * use): a stage that the resource doesn't need isn't in its list. Each stage lets the request pass, refuses it with a
 * fault, or takes it: `answerCors` by answering a preflight, `callBackend` by sending it on. When the back end's head
 * arrives `respond` says what to change in it, and when all is over, however it went, `record` writes it down. A request that
 * became a tunnel (WebSocket) is asked about again until it is closed.
 */
import { type Fault, fault, faults } from '../core/faults.ts';
import type { AnswerHead, ForwardFailure, HeadEdits, ServerExchange } from '../wire/wire.ts';
import type { Deps } from './deps.ts';
import { type Completion, Exchange } from './exchange.ts';
import { renderFault } from './faults/render.ts';
import type { LoadedApi, RouteResource, Routes } from './routes.ts';
import { type Outcome, type Stage, type StageFactory, taken } from './stage.ts';
import { answerCors } from './stages/answer-cors.ts';
import { authenticate } from './stages/authenticate.ts';
import { authorize } from './stages/authorize.ts';
import { callBackend, callNext, failureFault } from './stages/call-backend.ts';
import { checkFreshness } from './stages/check-freshness.ts';
import { checkRevoked } from './stages/check-revoked.ts';
import { checkSubscription } from './stages/check-subscription.ts';
import { checkTransport } from './stages/check-transport.ts';
import { denyCaller, denyRequest } from './stages/deny.ts';
import { matchRoute } from './stages/match-route.ts';
import { record } from './stages/record.ts';
import { respond } from './stages/respond.ts';
import { throttle } from './stages/throttle.ts';
import { OpenTunnels } from './tunnels/open-tunnels.ts';
import { readmission } from './tunnels/readmission.ts';

const stages: readonly StageFactory[] = [
  checkTransport, //    403  does the API answer over HTTP, over HTTPS?
  checkFreshness, //    503  does the gateway know what was decided lately?
  answerCors, //        preflights end here
  denyRequest, //       403  is its address or the API shut out?
  authenticate, //      401  who calls?
  checkRevoked, //      401  has the token, its subject or its client been revoked?
  authorize, //         403  scopes, and whose token the resource wants
  checkSubscription, // 403  is the application subscribed to this API?
  denyCaller, //        403  is the user or the application shut out?
  throttle, //          429  API or resource, subscription, application
  callBackend, //       502, 503, 504
];

/** These are for a request that comes. The others are asked again as long as a tunnel is open that came of one. */
const onlyOnce: readonly StageFactory[] = [answerCors, throttle, callBackend];

/** The stages that this resource needs, in order. */
export function compile(resource: RouteResource, api: LoadedApi, deps: Deps): readonly Stage[] {
  return stages.map((factory) => factory(resource, api, deps)).filter((stage) => stage !== null);
}

/** The status with which an exchange becomes a tunnel (RFC 9110 15.2.2). */
const switched = 101;

/** Runs exchanges through the list. One per data-plane thread. */
export class Pipeline implements Completion {
  readonly #deps: Deps;
  readonly #routes: Routes;
  readonly tunnels: OpenTunnels;

  constructor(deps: Deps, routes: Routes) {
    this.#deps = deps;
    this.#routes = routes;
    const again = stages.filter((factory) => !onlyOnce.includes(factory));
    this.tunnels = new OpenTunnels(readmission(deps, routes, again), deps.control, deps.log);
  }

  /** The handler that the listeners call for each request. */
  readonly handle = (wire: ServerExchange): void => {
    const { clock, proxies } = this.#deps;
    const x = new Exchange(wire, clock.now(), this, proxies?.clientOf(wire));
    try {
      const refusal = this.#deps.notServing() ?? matchRoute(x, this.#routes);
      if (refusal) this.#refuse(x, refusal);
      // An API that can't be compiled fails here, for its own requests only.
      else this.#run(x, x.route?.stages ?? [], 0);
    } catch (error) {
      this.#fail(x, error);
    }
  };

  #run(x: Exchange, stages: readonly Stage[], from: number): void {
    for (let i = from; i < stages.length; i++) {
      const outcome = (stages[i] as Stage)(x);
      if (outcome === undefined) continue;
      if (outcome instanceof Promise) {
        outcome
          .then((late) => (late === undefined ? this.#run(x, stages, i + 1) : this.#stop(x, late)))
          .catch((error) => this.#fail(x, error));
        return;
      }
      return this.#stop(x, outcome);
    }
  }

  #stop(x: Exchange, outcome: Exclude<Outcome, undefined>): void {
    if (outcome !== taken) this.#refuse(x, outcome);
    else if (x.backendStarted === 0) record(x, this.#deps);
  }

  #refuse(x: Exchange, refusal: Fault): void {
    x.fault = refusal;
    x.status = refusal.kind.status;
    x.wire.respond(renderFault(refusal, x.wire, x.route?.api.api.cors ?? null));
    record(x, this.#deps);
  }

  /** A defect of ours. The client learns nothing of it; the log all. */
  #fail(x: Exchange, error: unknown): void {
    this.#deps.log.error({ err: error, path: x.wire.target.split('?', 1)[0] }, 'a stage failed');
    if (x.status === 0) this.#refuse(x, fault(faults.internalError));
  }

  answering(x: Exchange, head: AnswerHead): HeadEdits | null {
    if (x.status === switched) {
      this.tunnels.opened(x);
      this.#deps.metrics.opened(x);
    }
    return respond(x, head);
  }

  ended(x: Exchange, failure: ForwardFailure | null, answered: boolean): void {
    if (x.status === switched) this.tunnels.closed(x);
    if (failure === null || answered || failure === 'client-gone' || failure === 'cut') return record(x, this.#deps);
    if (failure === 'unreachable' && callNext(x, this.#deps.clock.now())) return;
    this.#refuse(x, failureFault(failure, x));
  }
}
