/** A key that signs here, as metadata have it (SAML metadata section 2.4.1.1). */
import { X509Certificate } from 'node:crypto';
import { xmlSignature } from '../../adapters/xml/signature-algorithms.ts';
import { element, type Xml } from '../../adapters/xml/write-xml.ts';

/** @param certificate PEM */
export function writeKey(certificate: string): Xml {
  const der = new X509Certificate(certificate).raw.toString('base64');
  const info = element(
    'ds:KeyInfo',
    { 'xmlns:ds': xmlSignature },
    element('ds:X509Data', {}, element('ds:X509Certificate', {}, der)),
  );
  return element('md:KeyDescriptor', { use: 'signing' }, info);
}
