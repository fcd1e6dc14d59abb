/** What the SAML metadata of an identity provider say. */
import type { XmlElement } from '@xmldom/xmldom';
import { attributeOf, childrenOf } from '../../../adapters/xml/elements.ts';
import type { IdentityProvider } from '../../../core/identity-provider.ts';
import { redirectBinding, samlMetadata } from '../../../core/saml.ts';
import { readRole } from '../saml/read-role.ts';

export interface ProviderMetadata extends Pick<IdentityProvider, 'entityId' | 'certificates' | 'ssoUrl'> {
  /** That it takes only requests that are signed. */
  readonly wantsSignedRequests: boolean;
}

/** @throws RestError 400 */
export async function readMetadata(text: string): Promise<ProviderMetadata> {
  const { entityId, certificates, element } = await readRole(text, 'IDPSSODescriptor');
  return {
    entityId,
    certificates,
    ssoUrl: ssoUrlOf(element),
    wantsSignedRequests: /^(?:true|1)$/.test(attributeOf(element, 'WantAuthnRequestsSigned')?.trim() ?? ''),
  };
}

/** Where browsers are sent by HTTP-Redirect, the one binding by which they are sent there. */
function ssoUrlOf(role: XmlElement): string {
  const services = childrenOf(role, samlMetadata, 'SingleSignOnService');
  const service = services.find((one) => attributeOf(one, 'Binding') === redirectBinding);
  return (service && attributeOf(service, 'Location')) ?? '';
}
