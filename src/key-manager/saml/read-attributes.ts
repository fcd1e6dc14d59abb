/** What it says of the user that means something here: roles and claims, by the provider's mapping. */
import { attributeOf, textOf } from '../../adapters/xml/elements.ts';
import { ourRoles } from '../federation/map-roles.ts';
import { type SignedAssertion, samlChildren } from './assertion.ts';

export interface Attributes {
  readonly roles: readonly string[];
  readonly claims: Readonly<Record<string, string>>;
}

/** Bytes of a claim at most; a longer one is left out. */
const longest = 1024;

export function readAttributes({ element, provider }: SignedAssertion): Attributes {
  const values = valuesOf(element);
  // WSO2 Identity Server writes all roles into one value.
  const names = (values.get(provider.roleAttribute) ?? []).flatMap((value) => value.split(','));
  const claims = Object.entries(provider.claims).flatMap(([attribute, claim]) => {
    const value = values.get(attribute)?.join(' ') ?? '';
    return value === '' || Buffer.byteLength(value) > longest ? [] : [[claim, value] as const];
  });
  return { roles: ourRoles(provider, names), claims: Object.fromEntries(claims) };
}

/** By the name of the attribute. */
export function valuesOf(element: SignedAssertion['element']): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  for (const statement of samlChildren(element, 'AttributeStatement')) {
    for (const attribute of samlChildren(statement, 'Attribute')) {
      const name = attributeOf(attribute, 'Name') ?? '';
      const texts = samlChildren(attribute, 'AttributeValue').map((value) => textOf(value)?.trim() ?? '');
      values.set(name, [...(values.get(name) ?? []), ...texts.filter((text) => text !== '')]);
    }
  }
  return values;
}
