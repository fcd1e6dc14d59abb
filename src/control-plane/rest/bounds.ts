/** How much one request may say: far more than anybody needs, and checked in a moment. */
import { maxOperations, maxScopes } from '../../adapters/openapi/limits.ts';
import { RestError } from '../../platform/rest-error.ts';

/** Entries of a list or an object, by the name of its field. */
const mostOf: ReadonlyMap<string, number> = new Map([
  // As a whole: its fields, or what is asked for at once.
  ['body', 100],
  ['operations', maxOperations],
  ['scopes', maxScopes],
]);
/** Of any other field. */
const mostElse = 200;
/** Objects, lists and members of a body in all. */
const mostValues = 100_000;
/** Errors that one answer names. */
export const mostErrors = 20;

/**
 * @param place what the error names: `body/tags`
 * @param field name of the field that has the entries
 * @throws RestError 400
 */
export function refuseTooMany(place: string, field: string, entries: number): void {
  const most = mostOf.get(field) ?? mostElse;
  if (entries > most) throw new RestError(400, `${place}: got ${entries} entries; expected at most ${most}.`);
}

/**
 * Counts what JSON text holds before it is parsed, as parsing takes the longer the more it is.
 * @throws RestError 400
 */
export function refuseManyValues(json: string): void {
  let values = 0;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === quote) {
      at = endOfString(json, at);
      if (at < 0) return;
    } else if (code === comma || code === brace || code === bracket) values++;
    if (values > mostValues) throw new RestError(400, `The body has more than ${mostValues} values.`);
  }
}

const [quote, comma, brace, bracket] = [0x22, 0x2c, 0x7b, 0x5b];

/** Where the string that begins at `from` ends; -1 = nowhere. */
function endOfString(json: string, from: number): number {
  for (let at = json.indexOf('"', from + 1); at >= 0; at = json.indexOf('"', at + 1)) {
    let escapes = 0;
    while (json[at - 1 - escapes] === '\\') escapes++;
    if (escapes % 2 === 0) return at;
  }
  return -1;
}
