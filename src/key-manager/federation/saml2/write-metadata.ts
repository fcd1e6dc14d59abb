/** What we are as a service provider, for identity providers to read (SAML metadata section 2.4.4). */
import { element } from '../../../adapters/xml/write-xml.ts';
import { postBinding, samlProtocol } from '../../../core/saml.ts';
import { writeEntity } from '../../saml/write-entity.ts';
import { writeKey } from '../../saml/write-key.ts';

export interface ServiceProviderMetadata {
  readonly entityId: string;
  /** The assertion consumer service. */
  readonly consumer: string;
  /** That we ask for; empty = any. */
  readonly nameIdFormat: string;
  /** PEM: of the keys that sign requests; none = they are not signed. */
  readonly certificates: readonly string[];
}

export function writeMetadata({ entityId, consumer, nameIdFormat, certificates }: ServiceProviderMetadata): string {
  const role = element(
    'md:SPSSODescriptor',
    {
      protocolSupportEnumeration: samlProtocol,
      AuthnRequestsSigned: String(certificates.length > 0),
      WantAssertionsSigned: 'true',
    },
    [
      ...certificates.map(writeKey),
      ...(nameIdFormat === '' ? [] : [element('md:NameIDFormat', {}, nameIdFormat)]),
      element('md:AssertionConsumerService', {
        Binding: postBinding,
        Location: consumer,
        index: '0',
        isDefault: 'true',
      }),
    ],
  );
  return writeEntity(entityId, role);
}
