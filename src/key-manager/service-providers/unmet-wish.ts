/**
 * What is asked for and can't be given, whoever logs in. The provider is known by then, so it is told (SAML core section 3.2.2.2).
 */
import type { XmlElement } from '@xmldom/xmldom';
import { attributeOf, childrenOf } from '../../adapters/xml/elements.ts';
import { postBinding, samlAssertion, samlProtocol, samlStatus } from '../../core/saml.ts';
import type { ServiceProvider } from '../../core/service-provider.ts';
import { nameFormatOf, nameFormats } from './name-format.ts';
import type { Refusal } from './sign-on.ts';

export function unmetWish(element: XmlElement, { entityId }: ServiceProvider): Refusal | null {
  const binding = attributeOf(element, 'ProtocolBinding');
  if (binding !== null && binding !== postBinding) {
    return requester(samlStatus.unsupportedBinding, `ProtocolBinding: expected ${postBinding}`);
  }
  for (const name of ['Subject', 'Conditions']) {
    if (childrenOf(element, samlAssertion, name).length === 0) continue;
    return requester(samlStatus.unsupported, `${name} in a request is not supported`);
  }
  if (!nameFormats.includes(nameFormatOf(element))) {
    return requester(samlStatus.invalidNamePolicy, `NameIDPolicy: expected a format out of ${nameFormats.join(', ')}`);
  }
  const policies = childrenOf(element, samlProtocol, 'NameIDPolicy');
  if (policies.some((policy) => (attributeOf(policy, 'SPNameQualifier') ?? entityId) !== entityId)) {
    return requester(
      samlStatus.invalidNamePolicy,
      'NameIDPolicy: names are made for who asks, and for no SPNameQualifier',
    );
  }
  return null;
}

const requester = (because: string, message: string): Refusal => ({ status: samlStatus.requester, because, message });
