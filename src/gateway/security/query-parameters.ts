/** Single parameters of a request target, found and taken out without touching the others. */

/** An access token where a header field can't be set (RFC 6750 2.3): browsers open WebSockets by nothing but an address. */
export const tokenParameter = 'access_token';

/** The decoded value of the first parameter of this name; undefined = there is none. */
export function queryParameter(target: string, name: string): string | undefined {
  for (const pair of pairs(target))
    if (nameOf(pair) === name) return decode(pair.slice(pair.indexOf('=') + 1 || pair.length));
  return undefined;
}

/** The target without every parameter that has one of these names. */
export function withoutParameters(target: string, names: readonly string[]): string {
  if (!target.includes('?') || !mayHave(target, names)) return target;
  const all = pairs(target);
  const rest = all.filter((pair) => !names.includes(nameOf(pair)));
  if (rest.length === all.length) return target;
  const path = target.slice(0, target.indexOf('?'));
  return rest.length === 0 ? path : `${path}?${rest.join('&')}`;
}

/** Nearly no request has one, and to see that is cheaper than to take the query apart. */
function mayHave(target: string, names: readonly string[]): boolean {
  if (encoded.test(target)) return true;
  for (const name of names) if (target.includes(name)) return true;
  return false;
}

function pairs(target: string): string[] {
  const at = target.indexOf('?');
  return at === -1 ? [] : target.slice(at + 1).split('&');
}

function nameOf(pair: string): string {
  const end = pair.indexOf('=');
  return decode(end === -1 ? pair : pair.slice(0, end));
}

const encoded = /[+%]/;

/** As forms are encoded (WHATWG URL 5.1); what is malformed stays as it is. */
function decode(text: string): string {
  if (!encoded.test(text)) return text;
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}
