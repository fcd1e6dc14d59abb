/** POST /oauth2/log-in-at, and where the browser comes back to: a user logs in at an identity provider. */
import { findIdentityProvider, providersToLogInAt } from '../../adapters/stores/identity-providers.ts';
import type { IdentityProvider } from '../../core/identity-provider.ts';
import { defaultTenant } from '../../core/tenant.ts';
import type { Call, KeyManager, Step } from '../call.ts';
import { rejectRepeatedParameters } from '../checks/reject-repeated-parameters.ts';
import { rememberBeginning } from '../checks/remember-beginning.ts';
import { type Away, comeBack, goAway } from '../federation/away.ts';
import { enter } from '../federation/enter.ts';
import { upstreams } from '../federation/index.ts';
import type { Upstream } from '../federation/upstream.ts';
import { openInteraction } from '../log-in/interaction.ts';
import { OAuthError } from '../oauth-error.ts';
import { showLogIn } from '../pages/log-in.ts';
import { logInCookie, requireOriginOfLogIn, sessionBefore } from '../pages/log-in-elsewhere.ts';
import { goBack } from './log-in.ts';

const begin: Step = async (call, km) => {
  const from = openInteraction(call, km, logInCookie(km));
  const name = call.form.require('provider');
  const provider = (await providersToLogInAt(km.store.db, defaultTenant)).find((one) => one.name === name);
  if (!provider) throw new OAuthError('invalid_request', 'provider: nobody logs in with it here', 404);
  const session = (await sessionBefore(call, km, from))?.id ?? null;
  await orOnPage(call, km, from, async () => {
    const away = goAway(call, km, { provider: provider.id, from, session });
    call.reply
      .code(303)
      .header('location', await upstreams[provider.protocol].begin(km, provider, away))
      .send();
  });
};

const finish =
  (upstream: Upstream): Step =>
  async (call, km) => {
    const away = comeBack(call, km, call.form.require(upstream.stateParameter));
    const provider = await findIdentityProvider(km.store.db, away.provider);
    const isAsked =
      provider?.enabled &&
      provider.logIn &&
      provider.protocol === upstream.protocol &&
      isOfProvider(call, provider.name);
    if (!isAsked)
      throw new OAuthError('access_denied', 'this provider was not asked, or nobody logs in with it any more', 403);
    await orOnPage(call, km, away.from, async () => {
      const { socket } = call.request.raw;
      const identity = await km.turns(provider.id)(
        () => upstream.finish(call, km, provider, away),
        () => socket.destroyed,
      );
      await enter(call, km, provider, away, identity);
      goBack(call, km, away.from);
    });
  };

/** Where answers come in at an address for each provider, none is given to another (RFC 9700 section 4.4.2.2). */
function isOfProvider({ request }: Call, name: string): boolean {
  const { provider } = request.params as { readonly provider?: string };
  return provider === undefined || provider === name;
}

/** What fails on the way leads back to where another one can be taken, if that page is ours: no other one has room for it. */
async function orOnPage(call: Call, km: KeyManager, from: Away['from'], work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof OAuthError) || km.logInUrl !== '') throw error;
    call.reply.headers(error.headers);
    await showLogIn(call, km, { ...from, hint: null, problem: { message: error.message, status: error.status } });
  }
}

export const logInAt: readonly Step[] = [rejectRepeatedParameters, requireOriginOfLogIn, begin];

/** The end of a log-in in this protocol. */
export const backFrom = (protocol: IdentityProvider['protocol']): readonly Step[] => [
  rejectRepeatedParameters,
  rememberBeginning,
  finish(upstreams[protocol]),
];
