/** SAML 2.0, made before now (SAML core section 2.3.3). */
import { attributeOf } from '../../adapters/xml/elements.ts';
import { refuse, type SignedAssertion, timeOf } from './assertion.ts';

export function checkVersion({ element, nowMs, skewMs }: SignedAssertion): void {
  if (attributeOf(element, 'Version') !== '2.0') refuse('expected Version 2.0');
  const issued = timeOf(element, 'IssueInstant') ?? refuse('it has no IssueInstant');
  if (issued - skewMs > nowMs) refuse('its IssueInstant is in the future');
}
