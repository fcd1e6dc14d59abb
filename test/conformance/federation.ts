/** Log-in elsewhere: a Postern whose users log in at another one, which knows it as a client. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { ConsumerKey } from '../../src/adapters/key-managers/built-in.ts';
import { insertIdentityProvider } from '../../src/adapters/stores/identity-providers.ts';
import { changeIdentityProvider } from '../../src/control-plane/services/identity-providers/identity-providers.ts';
import { clientSecretPurpose, type IdentityProvider, type OpenIdClient } from '../../src/core/identity-provider.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { Browser } from '../support/browser.ts';
import {
  type AuthorizationServer,
  addClient,
  addSubscribedApplication,
  type StartOptions,
  startAuthorizationServer,
} from './authorization-server.ts';
import { requestUrl } from './code-flow.ts';

/** A provider of OpenID Connect, as an administrator registers it. */
export interface Upstream {
  readonly issuer: string;
  readonly clientId: string;
  /** Empty = we are a public client there. */
  readonly clientSecret: string;
}

type Changes = Partial<Omit<IdentityProvider, 'oidc'>> & { readonly oidc?: Partial<OpenIdClient> };

export async function addOpenIdProvider(
  server: AuthorizationServer,
  { issuer, clientId, clientSecret }: Upstream,
  { oidc, ...changes }: Changes = {},
): Promise<IdentityProvider> {
  const id = randomUUID();
  const provider: IdentityProvider = {
    ...{ id, tenant: 'carbon.super', name: 'corp', description: '', enabled: true, protocol: 'oidc', logIn: true },
    ...{ entityId: issuer, certificates: [], alias: '', ssoUrl: '', serviceProviderEntityId: '' },
    ...{ roleAttribute: 'roles', roles: {}, claims: {}, localAccounts: false, allowSha1: false },
    ...changes,
    oidc: {
      clientId,
      clientSecret: clientSecret && server.seal.seal(clientSecret, clientSecretPurpose, id),
      scopes: ['openid', 'profile', 'email'],
      nameClaim: 'sub',
      userInfo: true,
      ...oidc,
    },
  };
  await server.store.transaction((tx) => insertIdentityProvider(tx, provider));
  return provider;
}

/** As an administrator does it. What it is afterwards. */
export async function changeProvider(
  { store }: AuthorizationServer,
  before: IdentityProvider,
  changes: Partial<IdentityProvider>,
): Promise<IdentityProvider> {
  const after = { ...before, ...changes };
  await store.transaction((tx) => changeIdentityProvider(tx, { clock: systemClock }, before, after, 'admin'));
  return after;
}

export interface Federation extends AsyncDisposable {
  /** Where users log in elsewhere. */
  readonly server: AuthorizationServer;
  /** Its client. */
  readonly client: ConsumerKey;
  readonly provider: IdentityProvider;
  /** Where users have accounts: mary, with the password marys. */
  readonly upstream: AuthorizationServer;
}

/** Browsers keep cookies by host, so the two have different ones. */
export async function startFederation(
  start: StartOptions = {},
  changes: Changes = {},
  theirs: StartOptions = {},
): Promise<Federation> {
  const upstream = await startAuthorizationServer({ host: 'localhost', ...theirs });
  await upstream.km.users.create({ name: 'mary', password: 'marys', roles: ['staff'] });
  const server = await startAuthorizationServer(start);
  const client = await addSubscribedApplication(server);
  const name = changes.name ?? 'corp';
  const callbackUrl = `${server.url}/oauth2/log-in-at/callback/${encodeURIComponent(name)}`;
  const known = await addClient(upstream, { callbackUrl, grantTypes: ['authorization_code'] });
  const { consumerKey: clientId, consumerSecret: clientSecret } = known;
  const provider = await addOpenIdProvider(server, { issuer: upstream.issuer, clientId, clientSecret }, changes);
  return {
    ...{ server, client, provider, upstream },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

export const newBrowser = ({ server, upstream }: Federation): Browser => new Browser(server.url, upstream.url);

/** Goes through a request for authorization and logs in elsewhere as mary. The last address: of our consent page, or the client's. */
export async function logInElsewhere(
  federation: Federation,
  browser = newBrowser(federation),
  parameters: Readonly<Record<string, string | null>> = { scope: 'openid read profile email' },
): Promise<{ browser: Browser; at: string }> {
  const { server, client, provider } = federation;
  await browser.go(requestUrl(server, client, parameters));
  await browser.submit({ provider: provider.name }, /log-in-at"/);
  return { browser, at: await logInThere(browser) };
}

/** Fills in what the provider shows: its log-in, and its consent the first time. */
export async function logInThere(browser: Browser): Promise<string> {
  assert.match(browser.page?.text ?? '', /name="password"/);
  const at = await browser.submit({ username: 'mary', password: 'marys' });
  return /value="agree"/.test(browser.page?.text ?? '') && /localhost/.test(browser.page?.url ?? '')
    ? browser.submit({ decision: 'agree' })
    : at;
}
