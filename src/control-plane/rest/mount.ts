/** Puts a REST API on the listener: each operation of its definition, also those that are not built yet. */
import multipart from '@fastify/multipart';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RestError } from '../../platform/rest-error.ts';
import type { ControlPlaneDeps } from '../deps.ts';
import { acceptJson, bodyLimit, refuseOtherBodies, requireContentType, strangersBodyLimit } from './body.ts';
import { type Caller, findCaller, requireScope, unauthorized } from './caller.ts';
import type { Definition, OperationDefinition } from './definition.ts';
import { Form } from './form.ts';
import { type Answer, type Operations, RestCall } from './operation.ts';
import { checksOf } from './validation.ts';

export interface RestApi {
  readonly definition: Definition;
  /** Names under which it is reached: `/api/am/<name>/v1`. */
  readonly names: readonly string[];
  readonly operations: Operations;
}

/** Every version that means this one: `v1`, `v1.0` to `v1.2`. */
const versions = ':restVersion(^v1$|^v1[.][0-2]$)';

/** @throws Error when an operation is none of the definition's */
export async function mountRest(app: FastifyInstance, api: RestApi, deps: ControlPlaneDeps): Promise<void> {
  const unknown = new Set(Object.keys(api.operations));
  await app.register(async (scope) => {
    await scope.register(multipart, {
      limits: { fileSize: bodyLimit, fieldSize: bodyLimit, files: 5, fields: 20, parts: 25 },
    });
    acceptJson(scope);
    refuseOtherBodies(scope);
    const checks = checksOf(api.definition);
    const visitors = new WeakMap<FastifyRequest, Caller | null>();
    for (const definition of api.definition.operations) {
      const key = `${definition.method} ${definition.path}`;
      unknown.delete(key);
      const known = api.operations[key] ?? notBuilt;
      const { guard, run } = typeof known === 'function' ? { guard: null, run: known } : known;
      const check = checks(definition);
      for (const name of api.names) {
        scope.route({
          method: definition.method,
          url: `/api/am/${name}/${versions}${definition.path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
          exposeHeadRoute: false,
          bodyLimit: definition.scopes === null ? strangersBodyLimit : bodyLimit,
          // Before the body is read: strangers send nothing that is looked at.
          async onRequest(request) {
            guard?.(deps);
            visitors.set(request, await admit(request, definition, deps));
            if (run !== notBuilt) requireContentType(request, definition);
          },
          async handler(request, reply) {
            if (run === notBuilt) return send(reply, await notBuilt());
            check.query(request.query);
            const body = check.body(request.body);
            const form = definition.form.length > 0 ? await Form.read(request, definition.form) : Form.empty;
            const base = `${deps.publicUrl}${/^\/api\/am\/[^/]+\/[^/]+/.exec(request.url)?.[0]}`;
            const call = new RestCall(request, visitors.get(request) ?? null, body, form, base);
            return send(reply, await run(call, deps));
          },
        });
      }
    }
  });
  if (unknown.size > 0) {
    throw new Error(`${api.definition.name}: the definition has no ${[...unknown].join(', ')}`);
  }
}

const notBuilt = async (): Promise<Answer> => {
  throw new RestError(501, 'This operation is not built yet; docs/rest-coverage.md lists those that are.');
};

async function admit(
  request: FastifyRequest,
  { scopes }: OperationDefinition,
  deps: ControlPlaneDeps,
): Promise<Caller | null> {
  const caller = await findCaller(request, deps);
  if (scopes === null) return caller;
  if (!caller) throw unauthorized('This needs an access token.');
  requireScope(caller, scopes);
  return caller;
}

function send(reply: FastifyReply, { status, body, type, headers = {} }: Answer): FastifyReply {
  reply.code(status).headers(headers);
  if (body === undefined) return reply.send();
  if (type !== undefined) reply.type(type);
  return reply.send(body);
}
