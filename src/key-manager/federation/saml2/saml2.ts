/** SAML 2.0 Web Browser SSO (profiles section 4.1): a request by HTTP-Redirect, the answer by HTTP-POST; we are the service provider. */
import { type IdentityProvider, samlDefaults } from '../../../core/identity-provider.ts';
import type { KeyManager } from '../../call.ts';
import { OAuthError } from '../../oauth-error.ts';
import { SamlRefusal } from '../../saml/assertion.ts';
import { ownKey } from '../../service-providers/own-keys.ts';
import type { Away } from '../away.ts';
import type { Upstream } from '../upstream.ts';
import { NotLoggedIn } from './check-status.ts';
import { redirectAddress } from './redirect-binding.ts';
import { consumerOf, entityIdOf } from './service-provider.ts';
import { writeRequest } from './write-request.ts';

/** An ID begins with no digit. */
const requestId = ({ nonce }: { readonly nonce: string }): string => `_${nonce}`;

/** There is no word for `max_age` there: whom the provider knows from long ago it would send back as he is, again and again. */
function mustAsk({ from: { asked } }: Away): boolean {
  return asked !== undefined && (asked.fresh || asked.somebodyElse === true || asked.maxAge !== null);
}

export const saml2: Upstream = {
  protocol: 'saml2',
  stateParameter: 'RelayState',
  // All that is known of it, an administrator has said.
  problem: async () => null,

  async begin(km, provider, away) {
    const { options, clock } = km;
    const { nameIdFormat, signRequests } = provider.saml2 ?? samlDefaults;
    const xml = writeRequest({
      id: requestId(away),
      issuedMs: clock.now(),
      destination: provider.ssoUrl,
      consumer: consumerOf(options),
      issuer: entityIdOf(options, provider),
      forceAuthn: mustAsk(away),
      nameIdFormat,
    });
    const key = signRequests ? (await ownKey(km)).key : undefined;
    return redirectAddress({ to: provider.ssoUrl, xml, relayState: away.state, key });
  },

  async finish({ form }, { options, clock, log }, provider, away) {
    const field = form.require('SAMLResponse');
    // It brings a reader of XML, which a key manager without identity providers has no use for.
    const { acceptResponse } = await import('./accept-response.ts');
    const { id, endsAt, sessionEndsAt, ...identity } = await acceptResponse(field, {
      provider,
      requestId: requestId(away),
      consumer: consumerOf(options),
      entityId: entityIdOf(options, provider),
      nowMs: clock.now(),
      skewMs: options.assertionSkew * 1000,
    }).catch((error) => {
      throw explained(error, provider, log);
    });
    // Its end is rounded down: it is remembered until it is surely refused.
    const once = { issuer: provider.entityId, id, expiresAt: endsAt + 1 };
    return { ...identity, endsAt: sessionEndsAt, once };
  },
};

/** What the user reads. */
function explained(error: Error, { name, description }: IdentityProvider, log: KeyManager['log']): Error {
  if (error instanceof NotLoggedIn) {
    return new OAuthError('access_denied', `${description || name} did not let you in: ${error.message}`, 403);
  }
  if (!(error instanceof SamlRefusal)) return error;
  // Whoever looks after the provider has to learn of it as well.
  log.warn({ provider: name, why: error.message }, 'a response of an identity provider is refused');
  return new OAuthError('access_denied', `the log-in is refused: ${error.message}`, 403);
}
