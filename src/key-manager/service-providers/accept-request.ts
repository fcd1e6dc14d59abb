/** What a service provider asks for (`AuthnRequest`, SAML core section 3.4.1; profiles section 4.1.4.1). */
import type { XmlElement } from '@xmldom/xmldom';
import { attributeOf, childElements, childrenOf, isElement, textOf } from '../../adapters/xml/elements.ts';
import { parseXml } from '../../adapters/xml/parse-xml.ts';
import { samlAssertion, samlProtocol } from '../../core/saml.ts';
import { queryOf } from '../authorization/read-request.ts';
import { type Call, type KeyManager, seconds } from '../call.ts';
import { readContext } from './authentication-context.ts';
import { checkTimes } from './check-times.ts';
import { chooseConsumer } from './choose-consumer.ts';
import { decodePosted, decodeRedirected } from './decode-request.ts';
import { findProvider } from './find-service-provider.ts';
import { nameFormatOf } from './name-format.ts';
import { signOnUrls } from './own-addresses.ts';
import { refuse, refuseXml } from './refuse.ts';
import { readRelayState } from './relay-state.ts';
import type { SignOn } from './sign-on.ts';
import { unmetWish } from './unmet-wish.ts';
import { verifyPosted, verifyRedirected } from './verify-request.ts';

/** By either binding. @throws OAuthError */
export async function acceptRequest(call: Call, km: KeyManager): Promise<SignOn> {
  const { form, request } = call;
  const isPosted = request.method === 'POST';
  const parameter = form.require('SAMLRequest');
  const text = isPosted ? decodePosted(parameter) : decodeRedirected(parameter);
  const root = await parseXml(text).catch(refuseXml);
  const provider = await findProvider(km.store.db, issuerOf(root));
  const { element, isSigned } = isPosted
    ? await verifyPosted(text, root, provider)
    : verifyRedirected(queryOf(call), form, root, provider);
  // From here on only what was signed is read, where it is signed.
  if (issuerOf(element) !== provider.entityId) refuse('what is signed has another Issuer');
  if (attributeOf(element, 'Version') !== '2.0') refuse('expected Version 2.0');
  checkTimes(element, km);
  const destination = attributeOf(element, 'Destination');
  // What is signed could have been so for somebody else (SAML bindings sections 3.4.5.2 and 3.5.5.2).
  if (destination === null ? isSigned : !signOnUrls(km.options).includes(destination)) {
    refuse('its Destination is no address of ours');
  }
  const [context, ...others] = childrenOf(element, samlProtocol, 'RequestedAuthnContext');
  if (others.length > 0) refuse('expected one RequestedAuthnContext');
  return {
    provider,
    requestId: idOf(element),
    consumerUrl: chooseConsumer(element, provider),
    relayState: readRelayState(form),
    forced: flag(element, 'ForceAuthn'),
    passive: flag(element, 'IsPassive'),
    context: context ? readContext(context) : null,
    nameFormat: nameFormatOf(element),
    refusal: unmetWish(element, provider),
    askedIn: null,
    since: seconds(km.clock),
  };
}

/** @param root of the document, or what was signed of it */
function issuerOf(root: XmlElement): string {
  if (!isElement(root, samlProtocol, 'AuthnRequest')) return refuse('expected an AuthnRequest of SAML 2.0');
  const [issuer, ...others] = childElements(root).filter((child) => isElement(child, samlAssertion, 'Issuer'));
  if (!issuer || others.length > 0) return refuse('expected one Issuer');
  return textOf(issuer)?.trim() || refuse('its Issuer is empty');
}

/** It comes back as `InResponseTo`. */
function idOf(element: XmlElement): string {
  const id = attributeOf(element, 'ID') ?? '';
  return /^[A-Za-z_][\w.-]{0,255}$/.test(id)
    ? id
    : refuse('ID: expected a letter or _, and up to 255 letters, digits, and characters of . _ -');
}

function flag(element: XmlElement, name: string): boolean {
  const value = attributeOf(element, name)?.trim() ?? 'false';
  if (!['true', 'false', '1', '0'].includes(value)) return refuse(`${name}: expected true or false`);
  return value === 'true' || value === '1';
}
