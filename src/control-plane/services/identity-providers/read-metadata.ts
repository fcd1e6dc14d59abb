/** SAML metadata of one identity provider (OASIS saml-metadata-2.0-os). Believed for whoever sends it: no signature is checked. */
import type { XmlElement } from '@xmldom/xmldom';
import { attributeOf, childrenOf, isElement, textOf } from '../../../adapters/xml/elements.ts';
import { parseXml, XmlError } from '../../../adapters/xml/parse-xml.ts';
import type { IdentityProvider } from '../../../core/identity-provider.ts';
import { RestError } from '../../../platform/rest-error.ts';

const metadata = 'urn:oasis:names:tc:SAML:2.0:metadata';
const dsig = 'http://www.w3.org/2000/09/xmldsig#';
const redirect = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';

/** @throws RestError 400 */
export async function readMetadata(
  text: string,
): Promise<Pick<IdentityProvider, 'entityId' | 'certificates' | 'ssoUrl'>> {
  const root = await parseXml(text.trim(), { comments: true }).catch((error) => {
    throw error instanceof XmlError ? new RestError(400, `body/metadata: ${error.message}.`) : error;
  });
  if (!isElement(root, metadata, 'EntityDescriptor')) throw expected('an EntityDescriptor as its root');
  const role = childrenOf(root, metadata, 'IDPSSODescriptor')[0];
  const entityId = attributeOf(root, 'entityID');
  if (!role || !entityId) throw expected('entityID, and an IDPSSODescriptor');
  return { entityId, certificates: certificatesOf(role), ssoUrl: ssoUrlOf(role) };
}

/** Those that sign. */
function certificatesOf(role: XmlElement): string[] {
  const keys = childrenOf(role, metadata, 'KeyDescriptor').filter((key) => attributeOf(key, 'use') !== 'encryption');
  const certificates = keys
    .flatMap((key) => childrenOf(key, dsig, 'KeyInfo'))
    .flatMap((info) => childrenOf(info, dsig, 'X509Data'))
    .flatMap((data) => childrenOf(data, dsig, 'X509Certificate'));
  return certificates.map((one) => (textOf(one) ?? '').replace(/\s/g, ''));
}

function ssoUrlOf(role: XmlElement): string {
  const services = childrenOf(role, metadata, 'SingleSignOnService');
  const service = services.find((one) => attributeOf(one, 'Binding') === redirect) ?? services[0];
  return (service && attributeOf(service, 'Location')) ?? '';
}

const expected = (what: string): RestError => new RestError(400, `body/metadata: expected ${what}.`);
