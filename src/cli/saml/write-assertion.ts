/** A SAML assertion about a user, signed by who makes it: what an identity provider gives its clients (RFC 7522). */
import { type KeyObject, randomBytes } from 'node:crypto';
import { signEnveloped } from '../../adapters/xml/sign-enveloped.ts';
import { bearerConfirmation, samlAssertion } from '../../core/saml.ts';

export interface AssertionContent {
  /** Entity id of the identity provider. */
  readonly issuer: string;
  /** Whom it is about. */
  readonly name: string;
  /** The token endpoint. */
  readonly recipient: string;
  readonly audiences: readonly string[];
  /** Names, and the values of each. */
  readonly attributes?: readonly (readonly [name: string, values: readonly string[]])[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Seconds that it is good. */
  readonly validity: number;
  /** Default: a new one. */
  readonly id?: string;
}

export interface Signer {
  readonly key: KeyObject;
  /** PEM, to be shown with the signature. */
  readonly certificate?: string;
}

export function writeAssertion(content: AssertionContent, signer: Signer): Promise<string> {
  return signEnveloped(assertionXml(content), { ...signer, behind: 'Issuer' });
}

/** Without a signature. */
export function assertionXml(content: AssertionContent): string {
  const { issuer, name, recipient, audiences, attributes = [], now, validity, id } = content;
  const [at, end] = [time(now), time(now + validity * 1000)];
  return element('Assertion', { 'xmlns:saml': samlAssertion, ID: id ?? newId(), IssueInstant: at, Version: '2.0' }, [
    element('Issuer', {}, escaped(issuer)),
    element('Subject', {}, [
      element('NameID', {}, escaped(name)),
      element(
        'SubjectConfirmation',
        { Method: bearerConfirmation },
        element('SubjectConfirmationData', { NotOnOrAfter: end, Recipient: recipient }, ''),
      ),
    ]),
    element(
      'Conditions',
      { NotBefore: at, NotOnOrAfter: end },
      element(
        'AudienceRestriction',
        {},
        audiences.map((audience) => element('Audience', {}, escaped(audience))),
      ),
    ),
    element(
      'AuthnStatement',
      { AuthnInstant: at },
      element('AuthnContext', {}, element('AuthnContextClassRef', {}, unspecified)),
    ),
    ...(attributes.length === 0 ? [] : [element('AttributeStatement', {}, attributes.map(attributeXml))]),
  ]);
}

/** How he showed who he is, nobody says. */
const unspecified = 'urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified';

const attributeXml = ([name, values]: readonly [string, readonly string[]]): string =>
  element(
    'Attribute',
    { Name: name },
    values.map((value) => element('AttributeValue', {}, escaped(value))),
  );

function element(name: string, attributes: Readonly<Record<string, string>>, content: string | string[]): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(value)}"`);
  return `<saml:${name}${written.join('')}>${[content].flat().join('')}</saml:${name}>`;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => entities[character] as string);

/** An NCName, which begins with no digit. */
const newId = (): string => `_${randomBytes(16).toString('hex')}`;

const time = (ms: number): string => new Date(ms).toISOString();
