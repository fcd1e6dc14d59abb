/** Users log in at an identity provider of SAML 2.0 that a test plays: what its pages would send, good or not. */
import assert from 'node:assert/strict';
import { inflateRawSync } from 'node:zlib';
import type { ConsumerKey } from '../../src/adapters/key-managers/built-in.ts';
import type { AssertionContent } from '../../src/adapters/saml/write-assertion.ts';
import type { IdentityProvider } from '../../src/core/identity-provider.ts';
import { Browser } from '../support/browser.ts';
import {
  type AuthorizationServer,
  addSubscribedApplication,
  type StartOptions,
  startAuthorizationServer,
} from './authorization-server.ts';
import { requestUrl } from './code-flow.ts';
import { addProvider, sign, type TestProvider } from './saml.ts';
import { assertion, field, response } from './saml-response.ts';

export interface SamlFederation extends AsyncDisposable {
  readonly server: AuthorizationServer;
  readonly client: ConsumerKey;
  readonly idp: TestProvider;
  /** Its assertion consumer service. */
  readonly consumer: string;
}

export async function startSamlFederation(
  changes: Partial<IdentityProvider> = {},
  start: StartOptions = {},
): Promise<SamlFederation> {
  const server = await startAuthorizationServer(start);
  const client = await addSubscribedApplication(server);
  const idp = await addProvider(server, {
    ...{ name: 'campus', logIn: true, ssoUrl: 'https://idp.example/sso?realm=a%20b' },
    ...changes,
  });
  return {
    ...{ server, client, idp, consumer: `${server.url}/oauth2/log-in-at/saml` },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** What the provider finds in the address that a browser brings. */
export interface SentRequest {
  readonly address: URL;
  readonly xml: string;
  readonly id: string;
  readonly relayState: string;
}

type Parameters = Readonly<Record<string, string | null>>;

/** A browser asks the client for a log-in, and presses the button of the provider. */
export async function sendAway(
  { server, client, idp }: SamlFederation,
  browser = new Browser(server.url),
  parameters: Parameters = { scope: 'openid read profile email' },
): Promise<{ readonly browser: Browser; readonly sent: SentRequest }> {
  await browser.go(requestUrl(server, client, parameters));
  const address = new URL(await browser.submit({ provider: idp.provider.name }, /log-in-at"/));
  assert.equal(address.origin, 'https://idp.example', String(browser.page?.text));
  return { browser, sent: readRequest(address) };
}

export function readRequest(address: URL): SentRequest {
  const message = Buffer.from(address.searchParams.get('SAMLRequest') ?? '', 'base64');
  const xml = inflateRawSync(message).toString();
  const id = / ID="([^"]*)"/.exec(xml)?.[1] as string;
  return { address, xml, id, relayState: address.searchParams.get('RelayState') as string };
}

export interface Said extends Partial<AssertionContent> {
  /** Of the assertion, before it is signed. */
  readonly change?: (xml: string) => string;
}

/** The response to a request, about jane unless it is changed. */
export async function answerTo(
  { server, idp, consumer }: SamlFederation,
  { id }: Pick<SentRequest, 'id'>,
  { change = (xml) => xml, ...said }: Said = {},
): Promise<string> {
  const audiences = [`${server.url}/oauth2/saml/metadata`];
  const about = { name: 'jane', recipient: consumer, audiences, now: Date.now(), ...said };
  const own = assertion(idp, about).replace('InResponseTo="_request"', `InResponseTo="${id}"`);
  const attributes = { Destination: consumer, InResponseTo: id, IssueInstant: new Date().toISOString() };
  return response(idp, await sign(idp, change(own)), { attributes });
}

/** The browser brings a response. The last address. */
export function bring(
  { consumer }: SamlFederation,
  browser: Browser,
  xml: string,
  { relayState }: Pick<SentRequest, 'relayState'>,
): Promise<string> {
  const body = new URLSearchParams({ SAMLResponse: field(xml), RelayState: relayState });
  return browser.go(consumer, { method: 'POST', body });
}

/** From the request to where the browser is after a log-in as jane: the page for the consent, or the client's. */
export async function logInAtCampus(
  federation: SamlFederation,
  said: Said = {},
  browser?: Browser,
  parameters?: Parameters,
): Promise<{ readonly browser: Browser; readonly at: string; readonly sent: SentRequest }> {
  const away = await sendAway(federation, browser, parameters);
  const at = await bring(federation, away.browser, await answerTo(federation, away.sent, said), away.sent);
  return { ...away, at };
}
