/**
 * What is asked for and can't be given, whoever logs in. The provider is known by then, so it is told (SAML core section 3.2.2.2).
 */
import type { XmlElement } from '@xmldom/xmldom';
import { attributeOf, childrenOf } from '../../adapters/xml/elements.ts';
import { postBinding, samlAssertion, samlProtocol, samlStatus, unspecifiedName } from '../../core/saml.ts';
import type { Refusal } from './sign-on.ts';

export function unmetWish(element: XmlElement): Refusal | null {
  const binding = attributeOf(element, 'ProtocolBinding');
  if (binding !== null && binding !== postBinding) {
    return requester(samlStatus.unsupportedBinding, `ProtocolBinding: expected ${postBinding}`);
  }
  for (const name of ['Subject', 'Conditions']) {
    if (childrenOf(element, samlAssertion, name).length === 0) continue;
    return requester(samlStatus.unsupported, `${name} in a request is not supported`);
  }
  for (const policy of childrenOf(element, samlProtocol, 'NameIDPolicy')) {
    const format = attributeOf(policy, 'Format') ?? unspecifiedName;
    if (format !== unspecifiedName) {
      return requester(samlStatus.invalidNamePolicy, `NameIDPolicy: expected the format ${unspecifiedName} or none`);
    }
    if (attributeOf(policy, 'SPNameQualifier') !== null) {
      return requester(samlStatus.invalidNamePolicy, 'NameIDPolicy: SPNameQualifier is not supported');
    }
  }
  return null;
}

const requester = (because: string, message: string): Refusal => ({ status: samlStatus.requester, because, message });
