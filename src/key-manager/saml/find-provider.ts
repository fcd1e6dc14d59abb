/** Who says that he made the assertion. Not believed before the signature is verified with his certificate. */
import type { XmlElement } from '@xmldom/xmldom';
import { findIssuerOfAssertions } from '../../adapters/stores/identity-providers.ts';
import type { Queryable } from '../../adapters/stores/store.ts';
import { everyElement, isElement, textOf } from '../../adapters/xml/elements.ts';
import type { IdentityProvider } from '../../core/identity-provider.ts';
import { samlAssertion } from '../../core/saml.ts';
import { oneChild, refuse } from './assertion.ts';

/** @param root of the document as it came */
export async function findProvider(db: Queryable, tenant: string, root: XmlElement): Promise<IdentityProvider> {
  if (!isElement(root, samlAssertion, 'Assertion')) return refuse('the root is no Assertion of SAML 2.0');
  const assertions = everyElement(root).filter(({ localName }) => /^(?:Encrypted)?Assertion$/.test(localName));
  if (assertions.length !== 1) return refuse('there are assertions in it');
  return (
    (await findIssuerOfAssertions(db, tenant, issuerOf(root))) ?? refuse('its Issuer is no identity provider here')
  );
}

export function issuerOf(assertion: XmlElement): string {
  return textOf(oneChild(assertion, 'Issuer')) || refuse('its Issuer is empty');
}
