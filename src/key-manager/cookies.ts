/** The cookies of browsers that log in. */
import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * A browser sends them over HTTPS only, to this host only, and no script reads them (RFC 6265bis section 4.1.3.2). `Lax`:
 * a client may send a browser here, and it is still who it was.
 */
const attributes = 'Path=/; Secure; HttpOnly';

/** `elsewhere` is of a browser that was sent to a page for the log-in on another site, whose form brings no `Lax` cookies. */
const sameSite = { session: 'Lax', browser: 'Lax', elsewhere: 'None' } as const;

export type CookieName = keyof typeof sameSite;

const nameOf = (name: CookieName): string => `__Host-postern-${name}`;

/** Null when there is none, or more than one: somebody has put another beside ours. */
export function readCookie(request: FastifyRequest, name: CookieName): string | null {
  const found = (request.headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${nameOf(name)}=`));
  const value = found[0]?.slice(nameOf(name).length + 1);
  return found.length === 1 && value && /^[\w-]{1,128}$/.test(value) ? value : null;
}

/** @param maxAge seconds; absent = until the browser is closed, 0 = gone at once */
export function setCookie(reply: FastifyReply, name: CookieName, value: string, maxAge?: number): void {
  const life = maxAge === undefined ? '' : `; Max-Age=${maxAge}`;
  reply.header('set-cookie', `${nameOf(name)}=${value}; ${attributes}; SameSite=${sameSite[name]}${life}`);
}
