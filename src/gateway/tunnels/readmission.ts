/** Would the request that opened a tunnel be let in if it came now? */
import { type Fault, faults } from '../../core/faults.ts';
import type { Deps } from '../deps.ts';
import { type Completion, Exchange } from '../exchange.ts';
import type { Route, Routes } from '../routes.ts';
import { bearerRefusal } from '../security/challenge.ts';
import { type Outcome, type Stage, type StageFactory, taken } from '../stage.ts';
import { authenticate } from '../stages/authenticate.ts';
import { matchRoute } from '../stages/match-route.ts';
import type { Readmit } from './open-tunnels.ts';

const expired = bearerRefusal(faults.tokenExpired);

/** The request is only thought of: nothing of it is forwarded. */
const nobody: Completion = { answering: () => null, ended: () => undefined };

/** A route's stages, with the one that checks credentials and without it. */
interface Asked {
  readonly anew: readonly Stage[];
  readonly known: readonly Stage[];
}

/** @param factories the stages that are asked again, in order */
export function readmission(deps: Deps, routes: Routes, factories: readonly StageFactory[]): Readmit {
  const compiled = new WeakMap<Route, Asked>();
  const stagesOf = (route: Route): Asked => {
    let asked = compiled.get(route);
    if (!asked) {
      const compile = (some: readonly StageFactory[]): readonly Stage[] =>
        some.map((factory) => factory(route.resource, route.api, deps)).filter((stage) => stage !== null);
      const known = factories.filter((factory) => factory !== authenticate);
      asked = { anew: compile(factories), known: compile(known) };
      compiled.set(route, asked);
    }
    return asked;
  };
  return (x, asksAnew) => {
    // Of a certificate that is over the stage says what a request would get.
    const isOver = x.principal !== null && deps.clock.now() >= x.principal.expires * 1000;
    const anew = asksAnew || (isOver && x.principal?.use === null);
    const again = new Exchange(x.wire, deps.clock.now(), nobody, x.clientAddress);
    if (!anew) {
      if (isOver) return expired;
      again.principal = x.principal;
    }
    const refusal = deps.notServing() ?? matchRoute(again, routes);
    if (refusal || again.route === null) return refusal;
    const asked = stagesOf(again.route);
    const keep = (outcome: Fault | undefined): Fault | undefined => {
      if (outcome === undefined) x.principal = again.principal;
      return outcome;
    };
    const outcome = run(again, anew ? asked.anew : asked.known, 0);
    return outcome instanceof Promise ? outcome.then(keep) : keep(outcome);
  };
}

function run(x: Exchange, stages: readonly Stage[], from: number): Fault | undefined | Promise<Fault | undefined> {
  for (let i = from; i < stages.length; i++) {
    const outcome = (stages[i] as Stage)(x);
    if (outcome instanceof Promise) return outcome.then((late) => refusalOf(late) ?? run(x, stages, i + 1));
    const refusal = refusalOf(outcome);
    if (refusal) return refusal;
  }
  return undefined;
}

const refusalOf = (outcome: Outcome): Fault | undefined => (outcome === taken ? undefined : outcome);
