/** GET /oauth2/saml/metadata: what identity providers of SAML 2.0 have to know of us. */
import { providersToLogInAt } from '../../adapters/stores/identity-providers.ts';
import { samlDefaults } from '../../core/identity-provider.ts';
import { defaultTenant } from '../../core/tenant.ts';
import type { Step } from '../call.ts';
import { rejectRepeatedParameters } from '../checks/reject-repeated-parameters.ts';
import { consumerOf, entityIdOf } from '../federation/saml2/service-provider.ts';
import { writeMetadata } from '../federation/saml2/write-metadata.ts';
import { OAuthError } from '../oauth-error.ts';
import { ownKeys } from '../service-providers/own-keys.ts';

/** With `provider`, as that one has us; else as one has us that nobody has said anything about. */
const answer: Step = async ({ form, reply }, km) => {
  const { store, options } = km;
  const name = form.get('provider');
  const providers = name === null ? [] : await providersToLogInAt(store.db, defaultTenant);
  const provider = providers.find((one) => one.name === name && one.protocol === 'saml2');
  if (name !== null && !provider) throw new OAuthError('invalid_request', 'provider: nobody logs in with it here', 404);
  const { nameIdFormat, signRequests } = provider?.saml2 ?? samlDefaults;
  const entityId = entityIdOf(options, provider ?? { serviceProviderEntityId: '' });
  const keys = signRequests ? await ownKeys(km) : [];
  const certificates = keys.map(({ certificate }) => certificate);
  reply
    .type('application/samlmetadata+xml')
    .send(writeMetadata({ entityId, consumer: consumerOf(options), nameIdFormat, certificates }));
};

export const logInAtMetadata: readonly Step[] = [rejectRepeatedParameters, answer];
