/** The session in which its user logged in, as its issuer names it (SAML core section 2.7.2); null = it doesn't say one. */
import { attributeOf } from '../../adapters/xml/elements.ts';
import { type SignedAssertion, samlChildren } from './assertion.ts';

export function readSession({ element }: SignedAssertion): string | null {
  const sessions = samlChildren(element, 'AuthnStatement').map((statement) => attributeOf(statement, 'SessionIndex'));
  return sessions.find((session) => session !== null) ?? null;
}
