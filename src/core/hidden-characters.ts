/** Characters that make a name look like another one, or like none: what no name has. */

/**
 * Controls, halves of surrogate pairs, line and paragraph separators, and what turns the direction of the text around it.
 * Joiners and direction marks stay: scripts need them.
 */
const hidden = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

export const hasHiddenCharacters = (name: string): boolean => hidden.test(name);

/** How errors call them. */
export const hiddenCharacters = 'control characters, line separators or changes of direction';
