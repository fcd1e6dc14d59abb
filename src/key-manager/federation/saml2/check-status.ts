/** Whether the provider let the user in, and if not, why (SAML core section 3.2.2.2). */
import type { XmlElement } from '@xmldom/xmldom';
import { attributeOf, childrenOf, textOf } from '../../../adapters/xml/elements.ts';
import { hasHiddenCharacters } from '../../../core/hidden-characters.ts';
import { samlProtocol, samlStatus, statusPrefix } from '../../../core/saml.ts';
import { refuse } from '../../saml/assertion.ts';

/** The provider answers that nobody logged in. The message goes behind its name, to the user. */
export class NotLoggedIn extends Error {
  override name = 'NotLoggedIn';
}

/** What the codes mean for who wanted to log in. Others are said by name. */
const meanings: Readonly<Record<string, string>> = {
  AuthnFailed: 'it could not tell who you are',
  RequestDenied: 'it does not let you in here',
  NoAuthnContext: 'it has no such way to log in',
  NoPassive: 'it would have to ask you first',
  InvalidNameIDPolicy: 'it has no name of this kind for you',
  UnknownPrincipal: 'it does not know you',
  Requester: 'it did not take our request',
  Responder: 'it could not answer',
  VersionMismatch: 'it speaks another version of SAML',
};

/** @throws NotLoggedIn when it did not. */
export function checkStatus(response: XmlElement): void {
  const [status, ...others] = children(response, 'Status');
  if (!status || others.length > 0) return refuse('expected one Status');
  const codes = codesOf(status);
  if (codes[0] === samlStatus.success) return;
  // The second says more, where it is there.
  const code = codes.findLast((one) => one.startsWith(statusPrefix))?.slice(statusPrefix.length) ?? '';
  const meaning = Object.hasOwn(meanings, code) ? meanings[code] : 'it said no';
  throw new NotLoggedIn([meaning, named(code), messageOf(status)].filter(Boolean).join(' '));
}

function codesOf(element: XmlElement): string[] {
  const code = children(element, 'StatusCode')[0];
  return code ? [attributeOf(code, 'Value') ?? '', ...codesOf(code)] : [];
}

const named = (code: string): string => (/^[A-Za-z]{1,40}$/.test(code) ? `(${code})` : '');

/** Its own words. Nobody has signed them, perhaps: they stand as such, and only for who began this log-in. */
function messageOf(status: XmlElement): string {
  const [message] = children(status, 'StatusMessage');
  const text = (message && textOf(message)?.trim()) ?? '';
  return text === '' || text.length > 200 || hasHiddenCharacters(text) ? '' : `and wrote: “${text}”`;
}

const children = (parent: XmlElement, name: string): XmlElement[] => childrenOf(parent, samlProtocol, name);
