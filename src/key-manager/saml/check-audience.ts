/** It is meant for this token endpoint: each of the restrictions has to say so (RFC 7522 section 3, 2; SAML core section 2.5.1.4). */
import { oneChild, refuse, type SignedAssertion, samlChildren, uriOf } from './assertion.ts';

export function checkAudience({ element, endpoints }: SignedAssertion): void {
  const restrictions = samlChildren(oneChild(element, 'Conditions'), 'AudienceRestriction');
  if (restrictions.length === 0) refuse('it has no AudienceRestriction');
  for (const restriction of restrictions) {
    const audiences = samlChildren(restriction, 'Audience').map(uriOf);
    if (!audiences.some((audience) => endpoints.has(audience))) {
      refuse('an AudienceRestriction has neither an address of this token endpoint nor its alias');
    }
  }
}
