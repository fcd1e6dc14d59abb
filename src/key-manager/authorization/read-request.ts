/** The parameters of an authorization request: of the query, or of the body (OpenID Connect Core section 3.1.2.1). */
import type { FastifyRequest } from 'fastify';
import { withoutDone } from '../interaction.ts';

/** As it was sent, with what pages of ours have added. */
export const queryOf = ({ request }: { readonly request: FastifyRequest }): string =>
  request.method === 'POST'
    ? ((request.body as Buffer | undefined)?.toString('utf8') ?? '')
    : (request.raw.url ?? '').replace(/^[^?]*\??/, '');

/** The request itself, by which a page sends the browser back to it. */
export const requestQuery = (call: { readonly request: FastifyRequest }): string => withoutDone(queryOf(call));
