/** The parameters of an authorization request: of the query, or of the body (OpenID Connect Core section 3.1.2.1). */
import type { FastifyRequest } from 'fastify';
import type { Step } from '../call.ts';
import { withoutDone } from '../log-in/interaction.ts';
import { OAuthError } from '../oauth-error.ts';

/** Characters. A body can be longer than the address that a page leads back to; longer requests can be pushed (RFC 9126). */
const longest = 12_288;

/**
 * As it was sent, with what pages of ours have added, in characters that an address may have.
 * @throws OAuthError 413 invalid_request when no address can be as long
 */
export function queryOf({ request }: { readonly request: FastifyRequest }): string {
  const sent =
    request.method === 'POST'
      ? ((request.body as Buffer | undefined)?.toString('utf8') ?? '')
      : (request.raw.url ?? '').replace(/^[^?]*\??/, '');
  const query = sent.replace(/[^\x21-\x7e]/gu, encodeURIComponent);
  if (query.length > longest) {
    throw new OAuthError('invalid_request', `the request has more than ${longest} characters`, 413);
  }
  return query;
}

/** Nobody is sent back to where his browser can not go: neither to us nor, with as long a state, to the client. */
export const limitRequest: Step = (call) => void queryOf(call);

/** The request itself, by which a page sends the browser back to it. */
export const requestQuery = (call: { readonly request: FastifyRequest }): string => withoutDone(queryOf(call));
