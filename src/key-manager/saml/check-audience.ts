/** It is meant for us: each of the restrictions has to say so (RFC 7522 section 3, 2; SAML core section 2.5.1.4). */
import { anyOf, oneChild, refuse, type SignedAssertion, samlChildren, uriOf } from './assertion.ts';

export function checkAudience({ element, audiences: ours }: SignedAssertion): void {
  const restrictions = samlChildren(oneChild(element, 'Conditions'), 'AudienceRestriction');
  if (restrictions.length === 0) refuse('it has no AudienceRestriction');
  for (const restriction of restrictions) {
    const audiences = samlChildren(restriction, 'Audience').map(uriOf);
    if (!audiences.some((audience) => ours.has(audience))) {
      refuse(`an AudienceRestriction is for others: expected ${anyOf(ours)}`);
    }
  }
}
