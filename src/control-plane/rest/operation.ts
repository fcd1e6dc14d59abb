/** What an operation of a REST API is: a function from a checked call to an answer. */
import type { FastifyRequest } from 'fastify';
import type { ControlPlaneDeps } from '../deps.ts';
import { type Caller, unauthorized } from './caller.ts';
import type { Form } from './form.ts';

/** One request, after its caller, scopes, parameters and body have been checked against the definition. */
export class RestCall {
  readonly request: FastifyRequest;
  /** Who calls; null where nobody has to be logged in, and nobody is. */
  readonly visitor: Caller | null;
  readonly form: Form;
  /** What the API's own paths begin with, as the caller wrote it: `https://localhost:9443/api/am/publisher/v1`. */
  readonly base: string;
  readonly #body: unknown;

  constructor(request: FastifyRequest, visitor: Caller | null, body: unknown, form: Form, base: string) {
    this.request = request;
    this.visitor = visitor;
    this.form = form;
    this.base = base;
    this.#body = body;
  }

  /** @throws RestError 401 when nobody is logged in. */
  get caller(): Caller {
    if (!this.visitor) throw unauthorized('This needs an access token.');
    return this.visitor;
  }

  /** A parameter of the path. */
  param(name: string): string {
    return (this.request.params as Record<string, string>)[name] as string;
  }

  /** A parameter of the query, of the type and with the default that the definition says; undefined if not given. */
  query<T = string>(name: string): T | undefined {
    return (this.request.query as Record<string, T | undefined>)[name];
  }

  /** The JSON body, which fits the definition's schema. Members that were null are absent. */
  json<T>(): T {
    return this.#body as T;
  }
}

export interface Answer {
  readonly status: number;
  /** An object is sent as JSON, bytes and text as they are. */
  readonly body?: unknown;
  /** Content type of bytes and text. */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export const ok = (body?: unknown): Answer => ({ status: 200, body });
/** @param location absolute URL of what was created */
export const created = (body: unknown, location: string): Answer => ({ status: 201, body, headers: { location } });
/** It waits for somebody's approval. */
export const accepted = (body: unknown): Answer => ({ status: 202, body });

/** Refuses by throwing a `RestError`. */
export type Operation = (call: RestCall, deps: ControlPlaneDeps) => Promise<Answer>;

/** One that may be refused whatever is sent, so that nothing of it is read. */
export interface GuardedOperation {
  /** @throws RestError */
  readonly guard: (deps: ControlPlaneDeps) => void;
  readonly run: Operation;
}

/** By method and path as the definition writes them: `GET /apis/{apiId}`. */
export type Operations = Readonly<Record<string, Operation | GuardedOperation>>;
