/** Responses as an identity provider makes them for a service provider, good or not, and what they are judged by. */
import { randomBytes } from 'node:crypto';
import { type AssertionContent, assertionXml } from '../../src/adapters/saml/write-assertion.ts';
import { element, Xml } from '../../src/adapters/xml/write-xml.ts';
import { defaultRoleAttribute, type IdentityProvider } from '../../src/core/identity-provider.ts';
import { samlAssertion, samlProtocol } from '../../src/core/saml.ts';
import type { Expected } from '../../src/key-manager/federation/saml2/response.ts';
import { certified, sign, type TestProvider } from './saml.ts';

export const consumer = 'https://postern.example/oauth2/log-in-at/saml';
export const entityId = 'https://postern.example/oauth2/saml/metadata';
export const requestId = '_request';
export const nowMs = Date.parse('2026-11-22T12:00:00Z');

/** One that is in no store. */
export async function newProvider(changes: Partial<IdentityProvider> = {}): Promise<TestProvider> {
  const { key, certificate } = await certified('rsa');
  const provider = {
    id: 'an id',
    tenant: 'carbon.super',
    name: 'campus',
    entityId: 'https://idp.example/saml',
    certificates: [certificate],
    roleAttribute: defaultRoleAttribute,
    roles: {},
    claims: {},
    allowSha1: false,
    ...changes,
  } as IdentityProvider;
  return { provider, key, certificate };
}

export const expected = ({ provider }: TestProvider, changes: Partial<Expected> = {}): Expected => ({
  provider,
  requestId,
  consumer,
  entityId,
  nowMs,
  skewMs: 60_000,
  ...changes,
});

/** About mallory, unless it is changed. */
export function assertion(idp: TestProvider, changes: Partial<AssertionContent> = {}): string {
  const said = assertionXml({
    issuer: idp.provider.entityId,
    name: 'mallory',
    recipient: consumer,
    audiences: [entityId],
    now: nowMs,
    validity: 300,
    ...changes,
  });
  return said.replace(' Recipient=', ` InResponseTo="${requestId}" Recipient=`);
}

export interface ResponseContent {
  readonly attributes?: Readonly<Record<string, string | undefined>>;
  readonly issuer?: string | null;
  readonly status?: string;
}

export const success =
  '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>';

/** @param parts what comes behind the status: assertions, as text */
export function response({ provider }: TestProvider, parts: string, content: ResponseContent = {}): string {
  const { attributes = {}, issuer = provider.entityId, status = success } = content;
  return element(
    'samlp:Response',
    {
      'xmlns:samlp': samlProtocol,
      ID: `_${randomBytes(8).toString('hex')}`,
      Version: '2.0',
      IssueInstant: new Date(nowMs).toISOString(),
      Destination: consumer,
      InResponseTo: requestId,
      ...attributes,
    },
    [
      ...(issuer === null ? [] : [element('saml:Issuer', { 'xmlns:saml': samlAssertion }, issuer)]),
      new Xml(status + parts),
    ],
  ).text;
}

export const field = (xml: string): string => Buffer.from(xml).toString('base64');

/** A response with an assertion that is signed by itself. */
export const signedAssertion = async (idp: TestProvider, changes?: Partial<AssertionContent>): Promise<string> =>
  response(idp, await sign(idp, assertion(idp, changes)));

/** One that is signed as a whole. */
export const signedWhole = (idp: TestProvider, changes?: Partial<AssertionContent>): Promise<string> =>
  sign(idp, response(idp, assertion(idp, changes)));

/** Both. */
export const signedTwice = async (idp: TestProvider, changes?: Partial<AssertionContent>): Promise<string> =>
  sign(idp, await signedAssertion(idp, changes));
