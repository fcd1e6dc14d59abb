/** That the name of the user is his the next time too (SAML core section 8.3.8: a transient one is of this log-in only). */
import type { XmlElement } from '@xmldom/xmldom';
import { attributeOf } from '../../../adapters/xml/elements.ts';
import type { IdentityProvider } from '../../../core/identity-provider.ts';
import { transientName } from '../../../core/saml.ts';
import { oneChild, refuse } from '../../saml/assertion.ts';

export function checkNameFormat(assertion: XmlElement, { saml2 }: IdentityProvider): void {
  if (saml2?.nameAttribute) return;
  const format = attributeOf(oneChild(oneChild(assertion, 'Subject'), 'NameID'), 'Format');
  if (format === transientName) {
    refuse(
      'its NameID is transient, and would name somebody else at each log-in: expected another Format, or an attribute for the name',
    );
  }
}
