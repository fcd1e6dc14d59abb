/** Field lines on their way through: what is passed on, what ends here, what is put in their place. */
import type { IncomingHttpHeaders } from 'node:http';
import { safeFields } from '../safe-fields.ts';
import type { Field, ForwardRequest, HeadEdits } from '../wire.ts';

/** Fields of one connection (RFC 9110 7.6.1). `trailer` with them: trailers are dropped, so they aren't announced. */
const hopByHop = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Names that a Connection field adds to the above; null in the usual case. */
function namedByConnection(value: string | undefined): readonly string[] | null {
  if (value === undefined || value === 'keep-alive' || value === 'close') return null;
  return value
    .toLowerCase()
    .split(',')
    .map((option) => option.trim());
}

/**
 * Is this field not to be passed on? `content-length` always is: it frames the body, and a client that names it in
 * Connection could otherwise make one request into two.
 */
function ends(
  name: string,
  named: readonly string[] | null,
  remove: readonly string[],
  set: readonly Field[],
): boolean {
  if (name === 'content-length') return false;
  if (hopByHop.has(name) || remove.includes(name) || named?.includes(name)) return true;
  for (const field of set) if (field[0] === name) return true;
  return false;
}

/**
 * Would this name (with hyphens for its underscores) be one that the client has no say in? Back ends behind CGI or
 * WSGI take both spellings for one field.
 */
function isDisguised(
  name: string,
  named: readonly string[] | null,
  remove: readonly string[],
  set: readonly Field[],
): boolean {
  return name === 'host' || name === 'expect' || name === 'content-length' || ends(name, named, remove, set);
}

/**
 * Fields of the request to an upstream, flat: name, value, name, value. Host and Expect end here: the first is the
 * upstream's own unless `set` has one, the second has been answered by us.
 * @param isReserved fields that clients have no say in
 */
export function requestFields(
  raw: readonly string[],
  connection: string | undefined,
  { remove, set, keepsReserved = false }: Pick<ForwardRequest, 'remove' | 'set' | 'keepsReserved'>,
  isReserved: (name: string) => boolean,
): string[] {
  const named = namedByConnection(connection);
  const fields: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase();
    if (!keepsReserved && isReserved(name)) continue;
    if (name === 'host' || name === 'expect' || ends(name, named, remove, set)) continue;
    if (name.includes('_')) {
      const hyphened = name.replaceAll('_', '-');
      if (isReserved(hyphened) || isDisguised(hyphened, named, remove, set)) continue;
    }
    fields.push(name, raw[i + 1] as string);
  }
  for (const field of set) fields.push(field[0], field[1]);
  return fields;
}

const noEdits: HeadEdits = { remove: [], set: [] };

/** Fields of an upstream's answer for the client, flat. Several lines of one name stay several lines. */
export function answerFields(status: number, received: IncomingHttpHeaders, edits: HeadEdits | null): string[] {
  const { remove, set } = edits ?? noEdits;
  const named = namedByConnection(joined(received, 'connection'));
  const chunked = received['transfer-encoding'] !== undefined;
  const fields: string[] = [];
  for (const name in received) {
    if (ends(name, named, remove, set)) continue;
    // RFC 9112 6.3: transfer-encoding overrides content-length; RFC 9110 8.6: none with 204.
    if (name === 'content-length' && (chunked || status === 204)) continue;
    const value = received[name];
    if (typeof value === 'string') fields.push(name, value);
    else if (value !== undefined) for (const line of value) fields.push(name, line);
  }
  for (const field of safeFields(set)) fields.push(field[0], field[1]);
  return fields;
}

/** A field's value, several lines joined by a comma. */
export function joined(fields: IncomingHttpHeaders, name: string): string | undefined {
  const value = fields[name];
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? value.join(', ') : undefined;
}
