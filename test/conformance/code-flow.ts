/** A browser's way through an authorization request, as clients and attackers see it. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import type { ConsumerKey } from '../../src/adapters/key-managers/built-in.ts';
import { updateClient } from '../../src/adapters/stores/clients.ts';
import type { ClientMetadata } from '../../src/key-manager/clients/client-metadata.ts';
import { Browser } from '../support/browser.ts';
import {
  type Answer,
  type AuthorizationServer,
  addSubscribedApplication,
  type StartOptions,
  startAuthorizationServer,
} from './authorization-server.ts';

/** Where `addSubscribedApplication` has its answers sent. */
export const redirectUri = 'https://client.example/cb';

export interface Pkce {
  readonly verifier: string;
  readonly challenge: string;
}

export function newPkce(): Pkce {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: s256(verifier) };
}

export const s256 = (text: string): string => createHash('sha256').update(text).digest('base64url');

type Parameters = Readonly<Record<string, string | null>>;

/** The address of a request for a code; `null` leaves a parameter out. */
export function requestUrl(server: AuthorizationServer, key: ConsumerKey, parameters: Parameters = {}): string {
  const all: Parameters = {
    response_type: 'code',
    client_id: key.consumerKey,
    redirect_uri: redirectUri,
    state: 'a state',
    ...parameters,
  };
  const given = Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== null);
  return `${server.url}/oauth2/authorize?${new URLSearchParams(given)}`;
}

/** A key manager, a client of its own, and a browser in which mary has logged in. */
export interface LoggedIn {
  readonly server: AuthorizationServer;
  readonly client: ConsumerKey;
  readonly browser: Browser;
}

export async function startLoggedIn(start: StartOptions = {}): Promise<LoggedIn> {
  const server = await startAuthorizationServer(start);
  await server.km.users.create({ name: 'mary', password: 'marys', roles: [] });
  const client = await addSubscribedApplication(server);
  return { server, client, browser: await loggedIn(server, client) };
}

/** A browser in which somebody has logged in (at a client that he agreed to). */
export async function loggedIn(
  server: AuthorizationServer,
  key: ConsumerKey,
  [username, password]: readonly [string, string] = ['mary', 'marys'],
): Promise<Browser> {
  const browser = new Browser(server.url);
  await browser.go(requestUrl(server, key, { scope: 'openid read profile email' }));
  const next = await browser.submit({ username, password });
  const back = new URL(next).origin === server.url ? await browser.submit({ decision: 'agree' }) : next;
  assert.match(back, /[?&]code=/);
  return browser;
}

/** What the client is told, in the query or fragment of the address to which the browser is sent back. */
export function answerIn(back: string): URLSearchParams {
  const { origin, pathname, search, hash } = new URL(back);
  assert.equal(origin + pathname, redirectUri, back);
  return new URLSearchParams(hash === '' ? search : hash.slice(1));
}

/** A code, for a request that somebody who is logged in needs not agree to again. */
export async function newCode(
  server: AuthorizationServer,
  key: ConsumerKey,
  browser: Browser,
  parameters: Parameters = {},
): Promise<string> {
  const back = await browser.go(requestUrl(server, key, parameters));
  return answerIn(back).get('code') ?? assert.fail(`no code: ${back} ${browser.page?.text}`);
}

export function exchange(
  server: AuthorizationServer,
  key: ConsumerKey | null,
  code: string,
  parameters: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const form = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, ...parameters };
  return server.post('/oauth2/token', form, key);
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into it with assertions
export async function userInfo({ url }: AuthorizationServer, token: string): Promise<any> {
  const answer = await fetch(`${url}/oauth2/userinfo`, { headers: { authorization: `Bearer ${token}` } });
  return answer.json();
}

export async function isActive(server: AuthorizationServer, key: ConsumerKey, token: string): Promise<boolean> {
  return (await server.post('/oauth2/introspect', { token }, key)).json.active;
}

export const describe = (server: AuthorizationServer, key: ConsumerKey, metadata: ClientMetadata): Promise<boolean> =>
  server.store.transaction((tx) => updateClient(tx, key.consumerKey, { metadata: JSON.stringify(metadata) }));

// biome-ignore lint/suspicious/noExplicitAny: tests look into it with assertions
export const claimsOf = (jwt: string): any =>
  JSON.parse(Buffer.from(jwt.split('.')[1] as string, 'base64url').toString());

export function refused({ status, json, text }: Answer, error: string, expected = 400): void {
  assert.deepEqual([json?.error, status], [error, expected], text);
}
