/** What an application can be called. */
import { hasHiddenCharacters, hiddenCharacters } from '../../../core/hidden-characters.ts';

/** Characters. */
const longest = 100;

export function isApplicationName(name: string): boolean {
  return name !== '' && name.length <= longest && name.trim() === name && !hasHiddenCharacters(name);
}

export const applicationNameForm = `expected 1 to ${longest} characters, none of them a space at an end, no ${hiddenCharacters}`;
