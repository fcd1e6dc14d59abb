/** The assertion as its identity provider signed it; nothing else of the document is read from here on. */
import { X509Certificate } from 'node:crypto';
import type { XmlElement } from '@xmldom/xmldom';
import { isElement } from '../../adapters/xml/elements.ts';
import { verifyEnveloped } from '../../adapters/xml/verify-enveloped.ts';
import type { IdentityProvider } from '../../core/identity-provider.ts';
import { samlAssertion } from '../../core/saml.ts';
import { refuse, refuseXml } from './assertion.ts';
import { issuerOf } from './find-provider.ts';

/** @param text of the document; @param assertion in it */
export async function verifySignature(
  text: string,
  assertion: XmlElement,
  provider: IdentityProvider,
): Promise<XmlElement> {
  return checkSigned(await verifyByProvider(text, assertion, provider), provider);
}

/** Any element, as one of the provider's keys signed it. @param inner as in `Expected` */
export function verifyByProvider(
  text: string,
  element: XmlElement,
  { certificates, allowSha1 }: IdentityProvider,
  inner: readonly XmlElement[] = [],
): Promise<XmlElement> {
  const keys = certificates.map((pem) => new X509Certificate(pem).publicKey);
  return verifyEnveloped(text, element, { keys, idAttribute: 'ID', allowSha1, inner }).catch(refuseXml);
}

/** That what was signed is an assertion of this provider. */
export function checkSigned(signed: XmlElement, { entityId }: IdentityProvider): XmlElement {
  if (!isElement(signed, samlAssertion, 'Assertion')) return refuse('what is signed is no Assertion');
  if (issuerOf(signed) !== entityId) return refuse('what is signed has another Issuer');
  return signed;
}
