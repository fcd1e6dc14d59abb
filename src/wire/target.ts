/** Which resource a request is for: its target in origin form, and its host (RFC 9112 3.2). */

/** uri-host [ ":" port ]; no userinfo. Two Host lines, joined by comma and blank, do not match. */
const authority = /^(?:(?:[\w.~!$&'()*+;=-]|%[\da-f]{2})+|\[[\da-f:.]+\])(?::\d{0,5})?$/i;
const absoluteForm = /^https?:\/\/([^/?]*)(.*)$/i;
/**
 * Path and query of RFC 3986, and what browsers send as it is (URL Standard, path and query percent-encode sets): it
 * is no other target to anybody. `"`, `<`, `>` and `#` are never sent by who means well, nor are \ ` { } in a path.
 */
const originForm = /^\/[\w.~!$&'()*+,;=:@%/[\]^|-]*(?:\?[\w.~!$&'()*+,;=:@%/[\]^|?\\`{}-]*)?$/;

/** Is this a Host field that a request may have? None is right only before HTTP/1.1. */
export function isHost(value: string | undefined, isHttp10: boolean): boolean {
  return value === undefined ? isHttp10 : authority.test(value);
}

/**
 * A path (and query), or the asterisk of OPTIONS. Not of CONNECT, whose answer would begin a tunnel, nor of PRI, with
 * which HTTP/2 begins (RFC 9113 11.6).
 */
export function isOriginForm(target: string, method: string): boolean {
  return target === '*' ? method === 'OPTIONS' : method !== 'CONNECT' && method !== 'PRI' && originForm.test(target);
}

/**
 * A target in absolute form, taken apart. Null = not of that form, or `host`, which the Host field says, is another
 * than its own: somebody on the way goes by the one, somebody by the other.
 */
export function reduceAbsoluteForm(
  target: string,
  method: string,
  host: string | undefined,
): { target: string; host: string } | null {
  const match = absoluteForm.exec(target);
  if (!match || !authority.test(match[1] as string)) return null;
  const own = match[1] as string;
  if (host !== undefined && host.toLowerCase() !== own.toLowerCase()) return null;
  const rest = match[2] as string;
  // RFC 9112 3.2.4: OPTIONS of an authority without a path is the asterisk form.
  if (rest === '') return { target: method === 'OPTIONS' ? '*' : '/', host: own };
  return { target: rest.startsWith('?') ? `/${rest}` : rest, host: own };
}
