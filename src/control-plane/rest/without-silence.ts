/** A JSON value as it is checked and kept: what says nothing is left out, and what is too much is refused. */
import { RestError } from '../../platform/rest-error.ts';
import { refuseTooMany } from './bounds.ts';

/**
 * Clients write null for what they don't say. And those of other versions send fields that we don't know: where they are
 * empty nothing is lost.
 * @param place what errors call it: `body`
 * @param known fields that may also be empty; null = all
 * @throws RestError 400 for what is too deep or too wide to be checked soon, and for text that no database takes
 */
export function withoutSilence(given: unknown, place: string, known: ReadonlySet<string> | null = null): unknown {
  return said(given, known, { place, field: place, depth: 0 });
}

function said(given: unknown, known: ReadonlySet<string> | null, spot: Spot): unknown {
  if (typeof given === 'string') storable(given, spot.place);
  if (typeof given !== 'object' || given === null) return given;
  const { place, field, depth } = spot;
  if (depth > deepest) throw new RestError(400, `${place}: nested deeper than ${deepest} levels.`);
  if (Array.isArray(given)) {
    refuseTooMany(place, field, given.length);
    return given
      .filter((one) => one !== null)
      .map((one, at) => said(one, null, { place: `${place}/${at}`, field: '', depth: depth + 1 }));
  }
  const names = Object.keys(given);
  refuseTooMany(place, field, names.length);
  const members = Object.entries(given).filter(
    ([name, value]) => value !== null && (known === null || known.has(name) || !isEmpty(value)),
  );
  return Object.fromEntries(
    members.map(([name, value]) => {
      storable(name, place);
      return [name, said(value, null, { place: `${place}/${name.slice(0, shown)}`, field: name, depth: depth + 1 })];
    }),
  );
}

/** Where in a body a value stands. */
interface Spot {
  /** As errors name it: `body/scopes/0`. */
  readonly place: string;
  /** Name of the field that it is the value of; empty = it is an entry of a list. */
  readonly field: string;
  readonly depth: number;
}

/** Levels of a body, and characters of a field's name that an error shows. */
const deepest = 50;
const shown = 100;

/** No database takes a NUL character, and half a surrogate pair is no character. */
function storable(text: string, place: string): void {
  if (!text.includes('\0') && text.isWellFormed()) return;
  throw new RestError(400, `${place}: expected text without NUL characters and halves of surrogate pairs.`);
}

function isEmpty(value: unknown): boolean {
  return value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
}
