/** Characters that make a name look like another one, or like none: what no name has. */

/**
 * Controls, halves of surrogate pairs, line and paragraph separators, and what turns the direction of the text around it.
 * Joiners and direction marks stay: scripts need them.
 */
const hidden = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

export const hasHiddenCharacters = (name: string): boolean => hidden.test(name);

/** How errors call them. */
export const hiddenCharacters = 'control characters, line separators or changes of direction';

/** The text with each of them written as `\u001b`, so that it stays on one line and commands no terminal. */
export const escapeHidden = (text: string): string =>
  text.replaceAll(
    new RegExp(hidden, 'gu'),
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
