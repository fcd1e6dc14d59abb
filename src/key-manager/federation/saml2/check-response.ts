/** That it was sent to us, by this provider, in answer to this request (SAML core section 3.2.2, profiles section 4.1.4.2). */
import type { XmlElement } from '@xmldom/xmldom';
import { attributeOf, textOf } from '../../../adapters/xml/elements.ts';
import { refuse, samlChildren, timeOf } from '../../saml/assertion.ts';
import type { Expected } from './response.ts';

/** @param response as it was signed, if it was */
export function checkResponse(response: XmlElement, isSigned: boolean, expected: Expected): void {
  if (attributeOf(response, 'Version') !== '2.0') refuse('expected Version 2.0');
  if (attributeOf(response, 'InResponseTo') !== expected.requestId) {
    refuse('it answers another request, or none (InResponseTo)');
  }
  const destination = attributeOf(response, 'Destination')?.trim() ?? null;
  // SAML bindings section 3.5.5.2: what is signed has one.
  if (destination === null && isSigned) refuse('it has no Destination');
  if (destination !== null && destination !== expected.consumer) {
    refuse(`the Destination is another one: expected ${expected.consumer}`);
  }
  const issuers = samlChildren(response, 'Issuer');
  const isOther = issuers.length > 1 || issuers.some((issuer) => textOf(issuer) !== expected.provider.entityId);
  if (isOther || (issuers.length === 0 && isSigned)) refuse(`the Issuer is not ${expected.provider.entityId}`);
  const issued = timeOf(response, 'IssueInstant') ?? refuse('it has no IssueInstant');
  if (issued - expected.skewMs > expected.nowMs) refuse('its IssueInstant is in the future');
}
