/** Where a key's users go after a log-out, and where it is told of one: `additionalProperties` in the names of RFC 7591. */
import { RestError } from '../../../platform/rest-error.ts';

const afterLogOut = 'post_logout_redirect_uris';
const backChannel = 'backchannel_logout_uri';

export const logOutNames: readonly string[] = [afterLogOut, backChannel];

/**
 * The client's metadata with these addresses; one that is empty is taken away, what is not said stays.
 * @throws RestError 400 for what is no such address
 */
export function withLogOutAddresses(
  metadata: string,
  properties: Readonly<Record<string, unknown>> | undefined,
): string {
  const result = JSON.parse(metadata) as Record<string, unknown>;
  const after = properties?.[afterLogOut];
  if (after !== undefined) {
    const uris = text(afterLogOut, after).split(' ').filter(Boolean);
    const wrong = uris.find((uri) => !isAddress(uri, /^(?:https?|[a-z][a-z0-9+-]*\.[a-z0-9+.-]*):/i));
    if (uris.length > 20 || wrong !== undefined) {
      throw new RestError(
        400,
        `${afterLogOut}: expected at most 20 absolute URLs without fragment, separated by spaces.`,
      );
    }
    set(result, afterLogOut, uris.length > 0 ? uris : undefined);
  }
  const told = properties?.[backChannel];
  if (told !== undefined) {
    const uri = text(backChannel, told);
    // Back-Channel Logout section 2.2: no fragment.
    if (uri !== '' && !isAddress(uri, /^https?:\/\//i)) {
      throw new RestError(400, `${backChannel}: expected an absolute URL with http or https, without fragment.`);
    }
    set(result, backChannel, uri || undefined);
  }
  return JSON.stringify(result);
}

/** As they are said in `additionalProperties`. */
export function logOutAddressesOf(metadata: string): Record<string, string> {
  const { [afterLogOut]: after, [backChannel]: told } = JSON.parse(metadata) as Record<string, unknown>;
  return {
    ...(Array.isArray(after) && { [afterLogOut]: after.join(' ') }),
    ...(typeof told === 'string' && { [backChannel]: told }),
  };
}

const isAddress = (uri: string, beginning: RegExp): boolean =>
  uri.length <= 2000 && /^[\x21\x22\x24-\x7e]+$/.test(uri) && beginning.test(uri) && URL.canParse(uri);

function text(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw new RestError(400, `additionalProperties: ${name}: expected text.`);
}

function set(metadata: Record<string, unknown>, name: string, value: unknown): void {
  if (value === undefined) delete metadata[name];
  else metadata[name] = value;
}
