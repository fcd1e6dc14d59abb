/** Where browsers may be sent back to after a log-in (RFC 6749 section 3.1.2). */

/** How a URL begins that a browser goes to without running it: http, https, or an app's own scheme (RFC 8252 section 7.1). */
const beginning = /^(?:https?:\/\/[^/]|[a-z][a-z0-9+-]*\.[a-z0-9+.-]*:)/i;

/**
 * `www.google.lk`, which clients of WSO2 API Manager send where they have no need of one. Nothing is ever sent back to it:
 * a request names an absolute URL, which is compared with what was registered.
 */
const hostAlone = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:\/[\w./-]*)?$/i;

export const callbackUrlForm =
  'an absolute URL without fragment, with http, https or a scheme that has a dot in it (or regexp= with such alternatives), of at most 2000 characters';

export const redirectUriForm =
  'absolute URLs without fragment, with http, https or a scheme that has a dot in it, of at most 2000 characters each';

/** Absolute and without fragment: what RFC 7591 has clients register. */
export const isRedirectUri = (url: string): boolean => isUrl(url) && characters.test(url);

/** Printable, without `#`. */
const characters = /^[\x21\x22\x24-\x7e]{0,2000}$/;

/** Absolute and without fragment, or empty, or a host alone. `regexp=(…|…)` stands for several, as in WSO2 API Manager. */
export function isCallbackUrl(url: string): boolean {
  if (url === '' || hostAlone.test(url)) return true;
  const pattern = /^regexp=\(?(.+?)\)?$/.exec(url)?.[1];
  const acceptable = pattern ? pattern.split('|').every((one) => beginning.test(one)) : isUrl(url);
  return acceptable && characters.test(url);
}

const isUrl = (text: string): boolean => beginning.test(text) && URL.canParse(text);
