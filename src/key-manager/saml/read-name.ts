/** Whom it is about: the text of NameID as a whole, or of the attribute that the provider's users are told apart by. */
import { textOf } from '../../adapters/xml/elements.ts';
import { hasHiddenCharacters } from '../../core/hidden-characters.ts';
import { oneChild, refuse, type SignedAssertion } from './assertion.ts';
import { valuesOf } from './read-attributes.ts';

const longest = 256;

export function readName({ element, provider }: SignedAssertion): string {
  const attribute = provider.saml2?.nameAttribute ?? '';
  const where = attribute === '' ? 'NameID' : attribute;
  const name =
    attribute === '' ? (textOf(oneChild(oneChild(element, 'Subject'), 'NameID')) ?? '') : oneValue(element, attribute);
  if (name.trim() === '') return refuse(`its ${where} is empty`);
  // One name, not several that are told apart by what nobody sees.
  if (name !== name.trim() || name.length > longest || hasHiddenCharacters(name)) {
    return refuse(`${where}: expected at most ${longest} characters, without space around them or hidden ones`);
  }
  return name;
}

function oneValue(element: SignedAssertion['element'], attribute: string): string {
  const [value = '', ...others] = valuesOf(element).get(attribute) ?? [];
  return others.length === 0 ? value : refuse(`expected one value of ${attribute}`);
}
