import { nearest } from '../../../platform/config/nearest.ts';
import { pointer } from '../../../platform/yaml-source.ts';
import type { DocumentReader, Fields } from './reader.ts';

/** Every key has to be one that is read, or one of the original that is known to mean nothing here. */
export function knownOnly(
  doc: DocumentReader,
  object: Fields,
  place: string,
  known: readonly string[],
  ignored: ReadonlySet<string>,
): void {
  for (const key of Object.keys(object)) {
    if (known.includes(key) || ignored.has(key)) continue;
    const meant = nearest(key, known);
    const remedy = meant === undefined ? `expected one of ${known.join(', ')}` : `did you mean ${meant}?`;
    doc.problem(place + pointer(key), `unknown key ${place + pointer(key)}; ${remedy}`);
  }
}
