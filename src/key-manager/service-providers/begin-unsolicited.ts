/**
 * A log-in that begins here (SAML profiles section 4.1.5): `?spEntityID=…`, as the original has it. Anybody can send a browser to
 * this address, so that its user is logged in at the provider unasked: only where the registration allows it.
 */
import { unspecifiedName } from '../../core/saml.ts';
import { type Call, type KeyManager, seconds } from '../call.ts';
import { registeredConsumer } from './choose-consumer.ts';
import { findProvider } from './find-service-provider.ts';
import { refuse } from './refuse.ts';
import { readRelayState } from './relay-state.ts';
import type { SignOn } from './sign-on.ts';

export async function beginUnsolicited({ form }: Call, km: KeyManager): Promise<SignOn> {
  const provider = await findProvider(km.store.db, form.require('spEntityID'));
  if (!provider.allowUnsolicited) refuse('its log-ins begin at the service provider');
  return {
    provider,
    requestId: null,
    consumerUrl: registeredConsumer(form.get('acs'), provider),
    relayState: readRelayState(form),
    forced: false,
    passive: false,
    context: null,
    nameFormat: unspecifiedName,
    refusal: null,
    askedIn: null,
    since: seconds(km.clock),
  };
}
