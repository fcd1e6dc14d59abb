/** What a stage is. */
import type { Fault } from '../core/faults.ts';
import type { Deps } from './deps.ts';
import type { Exchange } from './exchange.ts';
import type { LoadedApi, RouteResource } from './routes.ts';

/** A stage returns this when it has answered the client, or has handed the exchange to the back end. */
export const taken = Symbol('taken');

/** Nothing = go on with the next stage; a fault = refuse; `taken` = the request needs no further stage. */
export type Outcome = Fault | typeof taken | undefined;

/** One step of a request. It makes a promise only when it really has to wait. */
export type Stage = (x: Exchange) => Outcome | Promise<Outcome>;

/** Prepares a stage for a resource, once; null = this resource has no need of it. */
export type StageFactory = (resource: RouteResource, api: LoadedApi, deps: Deps) => Stage | null;
