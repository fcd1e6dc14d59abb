/** A service provider by others than us, its registration at a key manager, and what a browser brings it. */
import assert from 'node:assert/strict';
import { sign as createSign, type KeyObject, randomUUID } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { type Profile, SAML, type SamlConfig, ValidateInResponseTo } from '@node-saml/node-saml';
import { insertServiceProvider } from '../../src/adapters/stores/service-providers.ts';
import type { ServiceProvider } from '../../src/core/service-provider.ts';
import { Browser } from '../support/browser.ts';
import { type AuthorizationServer, type StartOptions, startAuthorizationServer } from './authorization-server.ts';

export const consumerUrl = 'https://app.example/saml/acs';

/** A row, as an administrator would make it. */
export async function addServiceProvider(
  server: AuthorizationServer,
  changes: Partial<ServiceProvider> = {},
): Promise<ServiceProvider> {
  const provider: ServiceProvider = {
    id: randomUUID(),
    tenant: 'carbon.super',
    name: `app ${randomUUID()}`,
    description: '',
    enabled: true,
    entityId: `https://app.example/${randomUUID()}`,
    consumerUrls: [consumerUrl],
    landingOrigins: [],
    certificates: [],
    requireSignedRequests: false,
    allowUnsolicited: false,
    audiences: [],
    recipients: [],
    assertionValidity: 300,
    roleAttribute: '',
    claims: {},
    qualifiedNames: false,
    ...changes,
  };
  await server.store.transaction((tx) => insertServiceProvider(tx, provider));
  return provider;
}

/** A key manager that signs with RSA, with the user mary. */
export async function startProvider(start: StartOptions = {}): Promise<AuthorizationServer> {
  const server = await startAuthorizationServer({ ...start, options: { signingAlgorithm: 'RS256', ...start.options } });
  await server.km.users.create({ name: 'mary', password: 'marys', roles: ['editor', 'reader'] });
  return server;
}

/** As its administrator sets it up: by what our metadata say. */
export async function foreignProvider(
  server: AuthorizationServer,
  { entityId }: ServiceProvider,
  options: Partial<SamlConfig> = {},
): Promise<SAML> {
  const metadata = await (await fetch(`${server.url}/samlsso/metadata`)).text();
  const certificates = [...metadata.matchAll(/<ds:X509Certificate>([^<]+)</g)].map(([, text]) => text as string);
  const entryPoint = /HTTP-Redirect" Location="([^"]+)"/.exec(metadata)?.[1];
  const idpIssuer = /entityID="([^"]+)"/.exec(metadata)?.[1];
  assert.ok(entryPoint && idpIssuer && certificates.length > 0, metadata);
  return new SAML({
    ...{ entryPoint, idpIssuer, idpCert: certificates, issuer: entityId, callbackUrl: consumerUrl },
    identifierFormat: null,
    validateInResponseTo: ValidateInResponseTo.always,
    wantAssertionsSigned: true,
    wantAuthnResponseSigned: true,
    ...options,
  });
}

export const requestUrl = (saml: SAML, relayState = 'where he was'): Promise<string> =>
  saml.getAuthorizeUrlAsync(relayState, undefined, {});

/** The fields of the form with which the browser goes on to the service provider. */
export interface Delivery {
  readonly SAMLResponse: string;
  readonly RelayState?: string;
}

/** What the page, which the browser shows, sends to the service provider. */
export function delivery({ page }: Browser, to = consumerUrl): Delivery {
  const text = page?.text ?? '';
  const action = unescaped(/<form method="post" action="([^"]*)" id="answer">/.exec(text)?.[1] ?? '');
  assert.equal(action, to, text);
  const fields = [...text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)];
  return Object.fromEntries(fields.map(([, name, value]) => [name, unescaped(value as string)])) as never;
}

const unescaped = (text: string): string =>
  text.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));

export const xmlOf = ({ SAMLResponse }: Delivery): string => Buffer.from(SAMLResponse, 'base64').toString();

/** Who logged in, as the service provider has verified it. */
export async function profileOf(saml: SAML, answer: Delivery): Promise<Profile> {
  const { profile } = await saml.validatePostResponseAsync({ ...answer });
  return profile ?? assert.fail('nobody');
}

/** The assertion, as the service provider hands it on. */
export const assertionIn = (xml: string): string =>
  /<saml:Assertion[\s\S]*<\/saml:Assertion>/.exec(xml)?.[0] ?? assert.fail(`no assertion: ${xml}`);

/** A browser that has come with a request, and in which mary has logged in for it. */
export async function logInAt(server: AuthorizationServer, url: string): Promise<Browser> {
  const browser = new Browser(server.url);
  await browser.go(url);
  assert.match(browser.page?.text ?? '', /<h1>Log in<\/h1>/);
  await browser.submit({ username: 'mary', password: 'marys' });
  return browser;
}

/** A request by hand: what a good one says, unless it is changed. `null` leaves an attribute out. */
export function requestXml(
  server: AuthorizationServer,
  provider: Pick<ServiceProvider, 'entityId'>,
  attributes: Readonly<Record<string, string | null>> = {},
  inside = '',
): string {
  const all: Record<string, string | null> = {
    ID: `_${randomUUID()}`,
    Version: '2.0',
    IssueInstant: new Date().toISOString(),
    Destination: `${server.url}/samlsso`,
    AssertionConsumerServiceURL: consumerUrl,
    ...attributes,
  };
  const written = Object.entries(all).map(([name, value]) => (value === null ? '' : ` ${name}="${value}"`));
  return `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"${written.join('')}><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${provider.entityId}</saml:Issuer>${inside}</samlp:AuthnRequest>`;
}

/** The address of the HTTP-Redirect binding. */
export function redirectUrl(
  server: AuthorizationServer,
  xml: string | Buffer,
  more: Readonly<Record<string, string>> = {},
): string {
  const SAMLRequest = deflateRawSync(xml).toString('base64');
  return `${server.url}/samlsso?${new URLSearchParams({ SAMLRequest, ...more })}`;
}

export const rsaSha256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';

/** As `redirectUrl`, signed over the query. */
export function signedUrl(
  server: AuthorizationServer,
  xml: string,
  key: KeyObject,
  more: Readonly<Record<string, string>> = {},
  algorithm = rsaSha256,
): string {
  const url = redirectUrl(server, xml, { ...more, SigAlg: algorithm });
  const hash = algorithm.endsWith('sha1') ? 'sha1' : 'sha256';
  const signature = createSign(hash, Buffer.from(new URL(url).search.slice(1)), key).toString('base64');
  return `${url}&Signature=${encodeURIComponent(signature)}`;
}

/** The HTTP-POST binding as a browser does it from another site: without cookies. Where it goes on. */
export async function post(
  server: AuthorizationServer,
  xml: string,
  more: Readonly<Record<string, string>> = {},
): Promise<{ status: number; location: string | null; text: string }> {
  const body = new URLSearchParams({ SAMLRequest: Buffer.from(xml).toString('base64'), ...more });
  const response = await fetch(`${server.url}/samlsso`, { method: 'POST', body, redirect: 'manual' });
  return { status: response.status, location: response.headers.get('location'), text: await response.text() };
}
