/** A SAML assertion about a user, signed by who makes it: what an identity provider gives its service providers. */
import { type KeyObject, randomBytes } from 'node:crypto';
import { bearerConfirmation, samlAssertion, unspecifiedContext } from '../../core/saml.ts';
import { signEnveloped } from '../xml/sign-enveloped.ts';
import { element, type Xml } from '../xml/write-xml.ts';

export interface AssertionContent {
  /** Entity id of the identity provider. */
  readonly issuer: string;
  /** Whom it is about. */
  readonly name: string;
  /** Of the name. Absent: nobody says. */
  readonly nameFormat?: string;
  /** Where it is presented: a token endpoint, or an assertion consumer service. */
  readonly recipient: string;
  /** ID of the request that it answers there. */
  readonly inResponseTo?: string;
  /** Seconds that it may be presented there. Default: as long as it is good. */
  readonly recipientValidity?: number;
  /** Where else it may be presented. */
  readonly otherRecipients?: readonly string[];
  readonly audiences: readonly string[];
  /** Names, and the values of each. */
  readonly attributes?: readonly (readonly [name: string, values: readonly string[]])[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Seconds that it is good. */
  readonly validity: number;
  /** Seconds by which the clock of who reads it may be behind. Default: 0. */
  readonly skew?: number;
  /** How the user logged in. Default: now, and nobody says how. */
  readonly logIn?: AssertedLogIn;
  /** Default: a new one. */
  readonly id?: string;
}

export interface AssertedLogIn {
  /** When he did, and when he has to again, in milliseconds since the epoch. */
  readonly at: number;
  readonly endsAt: number;
  readonly session: string;
  /** A class of authentication contexts. */
  readonly context: string;
}

export interface Signer {
  readonly key: KeyObject;
  /** PEM, to be shown with the signature. */
  readonly certificate?: string;
}

export function writeAssertion(content: AssertionContent, signer: Signer): Promise<string> {
  return signEnveloped(assertionXml(content), { ...signer, behind: 'Issuer' });
}

/** Without a signature. Its elements stand in no other's namespace, so that it can be taken out of a response. */
export function assertionXml(content: AssertionContent): string {
  const { issuer, name, nameFormat, audiences, attributes = [], now, validity, skew = 0, id } = content;
  const [at, end] = [samlTime(now), samlTime(now + validity * 1000)];
  return saml('Assertion', { 'xmlns:saml': samlAssertion, ID: id ?? newSamlId(), IssueInstant: at, Version: '2.0' }, [
    saml('Issuer', {}, issuer),
    saml('Subject', {}, [saml('NameID', { Format: nameFormat }, name), ...confirmations(content)]),
    saml(
      'Conditions',
      { NotBefore: samlTime(now - skew * 1000), NotOnOrAfter: end },
      saml(
        'AudienceRestriction',
        {},
        audiences.map((audience) => saml('Audience', {}, audience)),
      ),
    ),
    logInXml(content),
    ...(attributes.length === 0 ? [] : [saml('AttributeStatement', {}, attributes.map(attributeXml))]),
  ]).text;
}

function confirmations(content: AssertionContent): Xml[] {
  const { recipient, inResponseTo, now, validity, recipientValidity = validity, otherRecipients = [] } = content;
  const confirmed = (to: string, seconds: number, request?: string) =>
    saml(
      'SubjectConfirmation',
      { Method: bearerConfirmation },
      saml('SubjectConfirmationData', {
        InResponseTo: request,
        NotOnOrAfter: samlTime(now + seconds * 1000),
        Recipient: to,
      }),
    );
  return [
    confirmed(recipient, Math.min(recipientValidity, validity), inResponseTo),
    ...otherRecipients.map((other) => confirmed(other, validity)),
  ];
}

function logInXml({ now, logIn }: AssertionContent): Xml {
  return saml(
    'AuthnStatement',
    {
      AuthnInstant: samlTime(logIn?.at ?? now),
      ...(logIn && { SessionIndex: logIn.session, SessionNotOnOrAfter: samlTime(logIn.endsAt) }),
    },
    saml('AuthnContext', {}, saml('AuthnContextClassRef', {}, logIn?.context ?? unspecifiedContext)),
  );
}

const attributeXml = ([name, values]: readonly [string, readonly string[]]): Xml =>
  saml(
    'Attribute',
    { Name: name },
    values.map((value) => saml('AttributeValue', {}, value)),
  );

const saml = (name: string, ...rest: DropFirst<Parameters<typeof element>>): Xml => element(`saml:${name}`, ...rest);

type DropFirst<T extends unknown[]> = T extends [unknown, ...infer Rest] ? Rest : never;

/** An NCName, which begins with no digit, and which nobody guesses. */
export const newSamlId = (): string => `_${randomBytes(16).toString('hex')}`;

export const samlTime = (ms: number): string => new Date(ms).toISOString();
