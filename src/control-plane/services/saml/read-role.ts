/** SAML metadata of one entity (OASIS saml-metadata-2.0-os). Believed for whoever sends it: no signature is checked. */
import type { XmlElement } from '@xmldom/xmldom';
import { attributeOf, childrenOf, isElement, textOf } from '../../../adapters/xml/elements.ts';
import { parseXml, XmlError } from '../../../adapters/xml/parse-xml.ts';
import { xmlSignature } from '../../../adapters/xml/signature-algorithms.ts';
import { samlMetadata } from '../../../core/saml.ts';
import { RestError } from '../../../platform/rest-error.ts';

/** What an entity says of itself in one of its roles. */
export interface SamlRole {
  readonly entityId: string;
  readonly element: XmlElement;
  /** Base64 of DER: those that sign. */
  readonly certificates: readonly string[];
}

/** @throws RestError 400 */
export async function readRole(text: string, name: 'IDPSSODescriptor' | 'SPSSODescriptor'): Promise<SamlRole> {
  // Only administrators send it, and nothing in it is verified.
  const root = await parseXml(text.trim(), { comments: true, elements: Number.POSITIVE_INFINITY }).catch((error) => {
    throw error instanceof XmlError ? new RestError(400, `body/metadata: ${error.message}.`) : error;
  });
  if (!isElement(root, samlMetadata, 'EntityDescriptor')) throw expected('an EntityDescriptor as its root');
  const element = childrenOf(root, samlMetadata, name)[0];
  const entityId = attributeOf(root, 'entityID');
  if (!element || !entityId) throw expected(`entityID, and an ${name}`);
  return { entityId, element, certificates: certificatesOf(element) };
}

function certificatesOf(role: XmlElement): string[] {
  const keys = childrenOf(role, samlMetadata, 'KeyDescriptor').filter(
    (key) => attributeOf(key, 'use') !== 'encryption',
  );
  const certificates = keys
    .flatMap((key) => childrenOf(key, xmlSignature, 'KeyInfo'))
    .flatMap((info) => childrenOf(info, xmlSignature, 'X509Data'))
    .flatMap((data) => childrenOf(data, xmlSignature, 'X509Certificate'));
  return certificates.map((one) => (textOf(one) ?? '').replace(/\s/g, ''));
}

const expected = (what: string): RestError => new RestError(400, `body/metadata: expected ${what}.`);
