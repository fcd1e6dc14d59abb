/**
 * Calls from pages of other origins (CORS, Fetch section 3.2): those of applications that run in the browser and get their tokens
 * there. Only where nothing is believed because of a cookie or a certificate, and never with these (RFC 9700 section 2.6).
 */
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Seconds for which a browser may remember what it was told. */
const remembered = 600;

/** @param origins `tokens.browserOrigins`. False when the request comes from no page that may call */
export function allowOrigin(origins: readonly string[], { headers }: FastifyRequest, reply: FastifyReply): boolean {
  if (origins.length === 0) return false;
  // Whatever the answer is, it is no answer for another origin.
  reply.header('vary', 'Origin');
  const { origin } = headers;
  if (origin === undefined || !(origins.includes('*') || origins.includes(origin))) return false;
  reply.headers({
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'WWW-Authenticate, DPoP-Nonce, Retry-After',
  });
  return true;
}

/** The answer to what a browser asks before it sends a request. @param methods those of the endpoint */
export function sendPreflight(reply: FastifyReply, methods: readonly string[]): void {
  reply
    .code(204)
    .headers({
      'access-control-allow-methods': methods.join(', '),
      'access-control-allow-headers': 'Authorization, Content-Type, DPoP',
      'access-control-max-age': String(remembered),
    })
    .send();
}
