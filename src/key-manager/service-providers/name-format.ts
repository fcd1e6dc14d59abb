/** How the user is named (SAML core sections 3.4.1.1 and 8.3): as here, or by what nobody knows him by elsewhere. */
import { randomBytes } from 'node:crypto';
import type { XmlElement } from '@xmldom/xmldom';
import { attributeOf, childrenOf } from '../../adapters/xml/elements.ts';
import { persistentName, samlProtocol, transientName, unspecifiedName } from '../../core/saml.ts';
import type { ServiceProvider } from '../../core/service-provider.ts';
import { shownUserName } from '../../core/tenant.ts';
import type { KeyManager } from '../call.ts';

/** No e-mail addresses: people write them themselves, and nobody confirms them. */
export const nameFormats: readonly string[] = [unspecifiedName, persistentName, transientName];

/** As the request wants it, known or not. */
export function nameFormatOf(element: XmlElement): string {
  const [policy] = childrenOf(element, samlProtocol, 'NameIDPolicy');
  return (policy && attributeOf(policy, 'Format')) ?? unspecifiedName;
}

export function nameIn(km: KeyManager, format: string, provider: ServiceProvider, subject: string): string {
  switch (format) {
    case persistentName:
      // The same each time, another one at each provider, and known to nobody without the store key.
      return km.seal.derive('saml-name', provider.tenant, provider.entityId, subject);
    case transientName:
      return `_${randomBytes(20).toString('hex')}`;
    default:
      return provider.qualifiedNames ? subject : shownUserName(subject);
  }
}
