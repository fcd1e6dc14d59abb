/** Who says that he made the assertion. Not believed before the signature is verified with his certificate. */
import type { XmlElement } from '@xmldom/xmldom';
import { findIssuerOfAssertions, hasEntityId } from '../../adapters/stores/identity-providers.ts';
import { everyElement, isElement, textOf } from '../../adapters/xml/elements.ts';
import type { IdentityProvider } from '../../core/identity-provider.ts';
import { samlAssertion } from '../../core/saml.ts';
import type { KeyManager } from '../call.ts';
import { ownEntityId } from '../service-providers/own-addresses.ts';
import { ourselves } from '../service-providers/own-assertions.ts';
import { oneChild, refuse } from './assertion.ts';

/** @param root of the document as it came */
export async function findProvider(km: KeyManager, tenant: string, root: XmlElement): Promise<IdentityProvider> {
  if (!isElement(root, samlAssertion, 'Assertion')) return refuse('the root is no Assertion of SAML 2.0');
  const assertions = everyElement(root).filter(({ localName }) => /^(?:Encrypted)?Assertion$/.test(localName));
  if (assertions.length !== 1) return refuse('there are assertions in it');
  const { db } = km.store;
  const issuer = issuerOf(root);
  const registered = await findIssuerOfAssertions(db, tenant, issuer);
  if (registered) return registered;
  // Somebody may have registered us like any other, and switched us off.
  const isOwn = issuer === ownEntityId(km.options) && !(await hasEntityId(db, tenant, issuer));
  return isOwn ? ourselves(km, tenant) : refuse('its Issuer is no identity provider here');
}

export function issuerOf(assertion: XmlElement): string {
  return textOf(oneChild(assertion, 'Issuer')) || refuse('its Issuer is empty');
}
