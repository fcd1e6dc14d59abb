/** The assertion as its identity provider signed it; nothing else of the document is read from here on. */
import { X509Certificate } from 'node:crypto';
import type { XmlElement } from '@xmldom/xmldom';
import { isElement } from '../../adapters/xml/elements.ts';
import { XmlError } from '../../adapters/xml/parse-xml.ts';
import { verifyEnveloped } from '../../adapters/xml/verify-enveloped.ts';
import type { IdentityProvider } from '../../core/identity-provider.ts';
import { samlAssertion } from '../../core/saml.ts';
import { refuse } from './assertion.ts';
import { issuerOf } from './find-provider.ts';

export async function verifySignature(
  text: string,
  root: XmlElement,
  { certificates, entityId, allowSha1 }: IdentityProvider,
): Promise<XmlElement> {
  const keys = certificates.map((pem) => new X509Certificate(pem).publicKey);
  const signed = await verifyEnveloped(text, root, { keys, idAttribute: 'ID', allowSha1 }).catch((error) =>
    error instanceof XmlError ? refuse(error.message) : Promise.reject(error),
  );
  if (!isElement(signed, samlAssertion, 'Assertion')) return refuse('what is signed is no Assertion');
  if (issuerOf(signed) !== entityId) return refuse('what is signed has another Issuer');
  return signed;
}
