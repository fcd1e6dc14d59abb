/** Which resource a request is for: its target in origin form, and its host (RFC 9112 3.2). */

/** uri-host [ ":" port ]; no userinfo. Two Host lines, joined by comma and blank, do not match. */
const authority = /^(?:[\w.~!$&'()*+;=%-]+|\[[\da-f:.]+\])(?::\d{0,5})?$/i;
const absoluteForm = /^https?:\/\/([^/?]*)(.*)$/i;

/** Is this a Host field that a request may have? None is right only before HTTP/1.1. */
export function isHost(value: string | undefined, isHttp10: boolean): boolean {
  return value === undefined ? isHttp10 : authority.test(value);
}

/** A path (and query), or the asterisk of OPTIONS. A fragment never is a part of a target. */
export function isOriginForm(target: string, method: string): boolean {
  return (target.startsWith('/') || (target === '*' && method === 'OPTIONS')) && !target.includes('#');
}

/** A target in absolute form, taken apart; its authority counts instead of the Host field. Null = not of that form. */
export function reduceAbsoluteForm(target: string, method: string): { target: string; host: string } | null {
  const match = absoluteForm.exec(target);
  if (!match || !authority.test(match[1] as string)) return null;
  const host = match[1] as string;
  const rest = match[2] as string;
  // RFC 9112 3.2.4: OPTIONS of an authority without a path is the asterisk form.
  if (rest === '') return { target: method === 'OPTIONS' ? '*' : '/', host };
  return { target: rest.startsWith('?') ? `/${rest}` : rest, host };
}
