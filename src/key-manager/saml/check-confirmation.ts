/** Whoever bears it may use it, here and now (RFC 7522 section 3, 5 and 6; SAML profiles section 4.1.4.3; without Recipient it would be good anywhere). */
import type { XmlElement } from '@xmldom/xmldom';
import { attributeOf } from '../../adapters/xml/elements.ts';
import { bearerConfirmation } from '../../core/saml.ts';
import { anyOf, oneChild, refuse, type SignedAssertion, samlChildren, timeOf } from './assertion.ts';

/** @returns when the confirmation ends, milliseconds since the epoch; null = it doesn't say */
export function checkConfirmation(assertion: SignedAssertion): number | null {
  const confirmations = samlChildren(oneChild(assertion.element, 'Subject'), 'SubjectConfirmation');
  const bearer = confirmations.filter((one) => attributeOf(one, 'Method') === bearerConfirmation);
  if (bearer.length === 0) refuse('it has no SubjectConfirmation for a bearer');
  const judged = bearer.map((one) => judge(one, assertion));
  const good = judged.find((one) => typeof one !== 'string');
  return good ? good.ends : refuse(judged[0] as string);
}

/** Why it confirms nothing, or until when it does. */
function judge(
  confirmation: XmlElement,
  { recipients, inResponseTo, nowMs, skewMs }: SignedAssertion,
): string | { readonly ends: number | null } {
  const [data, ...others] = samlChildren(confirmation, 'SubjectConfirmationData');
  if (!data || others.length > 0) return 'expected one SubjectConfirmationData for a bearer';
  const recipient = attributeOf(data, 'Recipient')?.trim();
  if (!recipient) return 'SubjectConfirmationData has no Recipient';
  if (!recipients.has(recipient)) return `the Recipient is another one: expected ${anyOf(recipients)}`;
  if (inResponseTo !== null && attributeOf(data, 'InResponseTo') !== inResponseTo) {
    return 'its SubjectConfirmation answers another request (InResponseTo)';
  }
  const [begins, ends] = [timeOf(data, 'NotBefore'), timeOf(data, 'NotOnOrAfter')];
  if (begins !== null && begins - skewMs > nowMs) return 'its SubjectConfirmation is not good yet (NotBefore)';
  if (ends !== null && ends <= nowMs) return 'its SubjectConfirmation has expired';
  // Of log-ins (SAML profiles section 4.1.4.2).
  if (ends === null && inResponseTo !== null) return 'its SubjectConfirmation never ends (NotOnOrAfter)';
  return { ends };
}
