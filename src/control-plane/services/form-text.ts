/** Texts of forms by which things are found or told apart: none may look like another, or like none. */
import { hasHiddenCharacters, hiddenCharacters } from '../../core/hidden-characters.ts';
import { RestError } from '../../platform/rest-error.ts';

/** Characters. */
export interface TextBounds {
  /** Default: 1. */
  readonly least?: number;
  readonly most: number;
}

/** @throws RestError 400 */
export function text(field: string, value = '', { least = 1, most }: TextBounds): string {
  if (value.trim() === value && value.length >= least && value.length <= most && !hasHiddenCharacters(value)) {
    return value;
  }
  const length = least === 0 ? `at most ${most}` : `${least} to ${most}`;
  throw new RestError(
    400,
    `body/${field}: expected ${length} characters, no space around them and no ${hiddenCharacters}.`,
  );
}
