/** Whom it is about: the text of NameID, as a whole. */
import { textOf } from '../../adapters/xml/elements.ts';
import { hasHiddenCharacters } from '../../core/hidden-characters.ts';
import { oneChild, refuse, type SignedAssertion } from './assertion.ts';

const longest = 256;

export function readName({ element }: SignedAssertion): string {
  const name = textOf(oneChild(oneChild(element, 'Subject'), 'NameID')) ?? '';
  if (name.trim() === '') return refuse('its NameID is empty');
  // One name, not several that are told apart by what nobody sees.
  if (name !== name.trim() || name.length > longest || hasHiddenCharacters(name)) {
    return refuse(`NameID: expected at most ${longest} characters, without space around them or hidden ones`);
  }
  return name;
}
