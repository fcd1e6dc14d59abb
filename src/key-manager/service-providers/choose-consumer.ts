/** Where the answer goes: to an address that is registered, byte for byte (SAML core section 3.4.1; profiles section 4.1.4.1). */
import type { XmlElement } from '@xmldom/xmldom';
import { attributeOf } from '../../adapters/xml/elements.ts';
import type { ServiceProvider } from '../../core/service-provider.ts';
import { refuse } from './refuse.ts';

export function chooseConsumer(element: XmlElement, provider: ServiceProvider): string {
  if (attributeOf(element, 'AssertionConsumerServiceIndex') !== null) {
    return refuse('it names an assertion consumer service by its index; expected AssertionConsumerServiceURL');
  }
  return registeredConsumer(attributeOf(element, 'AssertionConsumerServiceURL'), provider);
}

/** @param wanted null = the usual one */
export function registeredConsumer(wanted: string | null, { consumerUrls }: ServiceProvider): string {
  const found = wanted === null ? consumerUrls[0] : consumerUrls.find((url) => url === wanted);
  return found ?? refuse('its assertion consumer service is not registered');
}
