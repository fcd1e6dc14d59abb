/**
 * The one assertion of a response, as its provider signed it: by itself, or as part of the response. Nothing that nobody
 * signed is believed about a user.
 */
import type { XmlElement } from '@xmldom/xmldom';
import { everyElement, isElement } from '../../../adapters/xml/elements.ts';
import { signaturesOf } from '../../../adapters/xml/verify-enveloped.ts';
import type { IdentityProvider } from '../../../core/identity-provider.ts';
import { samlAssertion } from '../../../core/saml.ts';
import { oneChild, refuse } from '../../saml/assertion.ts';
import { checkSigned, verifyByProvider, verifySignature } from '../../saml/verify-signature.ts';
import type { ReceivedResponse } from './response.ts';

export interface SignedResponse {
  /** As it was signed, if it was. */
  readonly response: XmlElement;
  readonly isSigned: boolean;
  /** Null: there is none, as when nobody could be logged in. */
  readonly assertion: XmlElement | null;
}

/** @throws SamlRefusal */
export async function verifyResponse(
  { text, root }: ReceivedResponse,
  provider: IdentityProvider,
): Promise<SignedResponse> {
  const assertion = onlyAssertion(root);
  const inner = assertion ? [assertion] : [];
  const whole = isSigned(root);
  const response = whole ? await verifyByProvider(text, root, provider, inner) : root;
  if (!assertion) return { response, isSigned: whole, assertion: null };
  if (isSigned(assertion)) {
    return { response, isSigned: whole, assertion: await verifySignature(text, assertion, provider) };
  }
  if (!whole) return refuse('neither it nor its assertion is signed');
  return { response, isSigned: whole, assertion: checkSigned(oneChild(response, 'Assertion'), provider) };
}

const isSigned = (element: XmlElement): boolean => signaturesOf(element).length > 0;

/** Wherever it is hidden. */
function onlyAssertion(root: XmlElement): XmlElement | null {
  const found = everyElement(root).filter(({ localName }) => /^(?:Encrypted)?Assertion$/.test(localName));
  if (found.some(({ localName }) => localName === 'EncryptedAssertion')) {
    return refuse('its assertion is encrypted (EncryptedAssertion), which is not taken; the connection is');
  }
  const [assertion, ...others] = found;
  if (!assertion) return null;
  if (others.length > 0) return refuse('expected one assertion');
  if (!isElement(assertion, samlAssertion, 'Assertion') || assertion.parentNode !== root) {
    return refuse('its assertion is not where it belongs');
  }
  return assertion;
}
