/** An assertion that is being checked. A check reads it from what was signed, and refuses by throwing. */
import type { XmlElement } from '@xmldom/xmldom';
import { attributeOf, childrenOf, textOf } from '../../adapters/xml/elements.ts';
import { XmlError } from '../../adapters/xml/parse-xml.ts';
import type { IdentityProvider } from '../../core/identity-provider.ts';
import { samlAssertion } from '../../core/saml.ts';
import { readInstant } from './read-instant.ts';

export interface SignedAssertion {
  /** The element as it was signed. */
  readonly element: XmlElement;
  readonly provider: IdentityProvider;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /** Milliseconds that the provider's clock may be ahead. */
  readonly skewMs: number;
  /** Where it may have been sent to. */
  readonly recipients: ReadonlySet<string>;
  /** Whom it may be for. */
  readonly audiences: ReadonlySet<string>;
  /** ID of the request that it has to answer; null = it may come unasked. */
  readonly inResponseTo: string | null;
}

/** The assertion, or what it came in, is not believed. What that means for who sent it says who asked. */
export class SamlRefusal extends Error {
  override name = 'SamlRefusal';
}

export const refuse = (why: string): never => {
  throw new SamlRefusal(why);
};

/** Of XML that is not as it has to be. */
export function refuseXml(error: Error): never {
  if (error instanceof XmlError) return refuse(error.message);
  throw error;
}

/** As they stand in a refusal. */
export const anyOf = (expected: ReadonlySet<string>): string =>
  expected.size === 0 ? 'an address that is registered' : [...expected].join(' or ');

export const samlChildren = (parent: XmlElement, name: string): XmlElement[] => childrenOf(parent, samlAssertion, name);

/** The one child of this name. */
export function oneChild(parent: XmlElement, name: string): XmlElement {
  const [child, ...others] = samlChildren(parent, name);
  return child && others.length === 0 ? child : refuse(`expected one ${name} in ${parent.localName}`);
}

/** A URI, which may have space around it (XML Schema, whiteSpace of anyURI). */
export const uriOf = (element: XmlElement): string => (textOf(element) ?? '').trim();

/** A point in time, milliseconds since the epoch; null = the attribute is not there. */
export function timeOf(element: XmlElement, name: string): number | null {
  const text = attributeOf(element, name);
  if (text === null) return null;
  return readInstant(text) ?? refuse(`${name}: expected a time in UTC like 2026-01-31T12:00:00Z`);
}
