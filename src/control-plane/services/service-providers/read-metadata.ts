/** What the SAML metadata of a service provider say. */
import type { XmlElement } from '@xmldom/xmldom';
import { attributeOf, childrenOf } from '../../../adapters/xml/elements.ts';
import { postBinding, samlMetadata } from '../../../core/saml.ts';
import type { ServiceProvider } from '../../../core/service-provider.ts';
import { readRole } from '../saml/read-role.ts';

type Described = Pick<ServiceProvider, 'entityId' | 'consumerUrls' | 'certificates' | 'requireSignedRequests'>;

/** @throws RestError 400 */
export async function readMetadata(text: string): Promise<Described> {
  const { entityId, certificates, element } = await readRole(text, 'SPSSODescriptor');
  const requireSignedRequests = isTrue(element, 'AuthnRequestsSigned');
  return { entityId, certificates, consumerUrls: consumersOf(element), requireSignedRequests };
}

/** Those to which forms are sent; the usual one first, as the first is here (saml-metadata section 2.2.3). */
function consumersOf(role: XmlElement): string[] {
  const services = childrenOf(role, samlMetadata, 'AssertionConsumerService').filter(
    (service) => attributeOf(service, 'Binding') === postBinding,
  );
  const [usual, ...others] = services.toSorted(
    (a, b) => Number(isTrue(b, 'isDefault')) - Number(isTrue(a, 'isDefault')) || indexOf(a) - indexOf(b),
  );
  return [usual, ...others].flatMap((service) => (service && attributeOf(service, 'Location')?.trim()) ?? []);
}

const indexOf = (service: XmlElement): number => Number(attributeOf(service, 'index') ?? 0) || 0;

const isTrue = (element: XmlElement, name: string): boolean => /^(?:true|1)$/.test(attributeOf(element, name) ?? '');
