/** What bodies an operation takes: JSON or a form, as its definition says, and how much of it. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { RestError } from '../../platform/rest-error.ts';
import { refuseManyValues } from './bounds.ts';
import type { OperationDefinition } from './definition.ts';

/** Bytes of a JSON body, and of a file of a form, at most. */
export const bodyLimit = 10 * 1024 * 1024;
/** Of what anybody may send without having logged in. */
export const strangersBodyLimit = 16 * 1024;

/** @throws RestError 415 when what is sent is not of the type that the operation reads */
export function requireContentType(request: FastifyRequest, { body, form }: OperationDefinition): void {
  const expected = form.length > 0 ? 'multipart/form-data' : body !== null ? 'application/json' : null;
  // A form is wanted also where nothing is sent; JSON that is missing is another error, or none.
  if (expected === null || (form.length === 0 && !hasBody(request))) return;
  const given = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (given === expected) return;
  const got = given ? `, not ${given.slice(0, 100)}` : '';
  throw new RestError(415, `Expected a body of the content type ${expected}${got}: send "Content-Type: ${expected}".`);
}

/** JSON; clients send `Content-Type: application/json` also with nothing. */
export function acceptJson(scope: FastifyInstance): void {
  const parse = scope.getDefaultJsonParser('error', 'error');
  scope.removeContentTypeParser('application/json');
  scope.addContentTypeParser<string>('application/json', { parseAs: 'string', bodyLimit }, (request, body, done) => {
    if (body.trim() === '') return done(null, undefined);
    try {
      refuseManyValues(body);
    } catch (error) {
      return done(error as Error);
    }
    void parse(request, body, done);
  });
}

/** Of other types nothing is read; nothing at all is welcome where no body is wanted. */
export function refuseOtherBodies(scope: FastifyInstance): void {
  scope.removeContentTypeParser('text/plain');
  scope.addContentTypeParser<string>(
    '*',
    { parseAs: 'string', bodyLimit: strangersBodyLimit },
    (_request, body, done) => {
      if (body === '') done(null, undefined);
      else done(new RestError(415, 'This operation takes no body.'));
    },
  );
}

function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
