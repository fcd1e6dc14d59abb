/** The cookies of browsers that log in. */
import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * A browser sends them over HTTPS only, to this host only, and no script reads them (RFC 6265bis section 4.1.3.2). `Lax`:
 * a client may send a browser here, and it is still who it was.
 */
const attributes = 'Path=/; Secure; HttpOnly';

/**
 * Two come along with a form that somebody else sends, which `Lax` ones do not: `elsewhere` is of a browser that was sent to a page for the
 * log-in on another site. `away` is of one that was sent to an identity provider, which answers by a form perhaps (SAML 2.0
 * bindings section 3.5); what is sealed in it tells whether the answer is to its question.
 */
const sameSite = { session: 'Lax', browser: 'Lax', elsewhere: 'None', away: 'None' } as const;

export type CookieName = keyof typeof sameSite;

/** Characters of a value at most: what browsers keep of a cookie, without its name and attributes. */
export const longestCookie = 3900;

const nameOf = (name: CookieName): string => `__Host-postern-${name}`;

/** Null when there is none, or more than one: somebody has put another beside ours. */
export function readCookie(request: FastifyRequest, name: CookieName): string | null {
  const found = (request.headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${nameOf(name)}=`));
  const value = found[0]?.slice(nameOf(name).length + 1);
  return found.length === 1 && value && value.length <= longestCookie && /^[\w-]+$/.test(value) ? value : null;
}

/** @param maxAge seconds; absent = until the browser is closed, 0 = gone at once */
export function setCookie(reply: FastifyReply, name: CookieName, value: string, maxAge?: number): void {
  const life = maxAge === undefined ? '' : `; Max-Age=${maxAge}`;
  reply.header('set-cookie', `${nameOf(name)}=${value}; ${attributes}; SameSite=${sameSite[name]}${life}`);
}
