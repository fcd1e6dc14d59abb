/** A user who logs in for an application in a browser, up to the tokens. */
import assert from 'node:assert/strict';
import type { ConsumerKey } from '../../src/adapters/key-managers/built-in.ts';
import { findClient, updateClient } from '../../src/adapters/stores/clients.ts';
import { type ClientMetadata, metadataOf } from '../../src/key-manager/clients/client-metadata.ts';
import { type AuthorizationServer, basic } from '../conformance/authorization-server.ts';
import { Browser } from './browser.ts';

export const callback = 'https://client.example/cb';

/** What a client registers beyond key and secret. */
export async function register(server: AuthorizationServer, key: ConsumerKey, more: ClientMetadata): Promise<void> {
  await server.store.transaction(async (tx) => {
    const client = await findClient(tx.db, key.consumerKey);
    assert.ok(client);
    await updateClient(tx, key.consumerKey, { metadata: JSON.stringify({ ...metadataOf(client), ...more }) });
  });
}

export function authorizationUrl(
  server: AuthorizationServer,
  key: ConsumerKey,
  more: Record<string, string> = {},
): URL {
  const query = { response_type: 'code', client_id: key.consumerKey, redirect_uri: callback, scope: 'openid', ...more };
  return new URL(`${server.url}/oauth2/authorize?${new URLSearchParams(query)}`);
}

export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly id_token: string;
  readonly scope: string;
}

/** Logs in as mary, where nobody has, agrees where that is asked, and exchanges the code. */
export async function logInByCode(
  server: AuthorizationServer,
  key: ConsumerKey,
  { browser = new Browser(server.url), scope = 'openid' }: { browser?: Browser; scope?: string } = {},
): Promise<{ browser: Browser; tokens: Tokens }> {
  let at = await browser.go(authorizationUrl(server, key, { scope }));
  if (/<h1>Log in/.test(shown(browser, at))) at = await browser.submit({ username: 'mary', password: 'marys' });
  if (/asks for access/.test(shown(browser, at))) at = await browser.submit({ decision: 'agree' });
  const code = new URL(at).searchParams.get('code') ?? assert.fail(browser.page?.text);
  const response = await fetch(`${server.url}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: basic(key.consumerKey, key.consumerSecret) },
    body: new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: callback }),
  });
  assert.equal(response.status, 200);
  return { browser, tokens: (await response.json()) as Tokens };
}

const shown = (browser: Browser, at: string): string => (browser.page?.url === at ? browser.page.text : '');

export const mary = { name: 'mary', password: 'marys', roles: [] };
