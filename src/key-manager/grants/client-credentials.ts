/** A token of the application itself (RFC 6749 section 4.4), on behalf of its owner. No refresh token. */
import type { ClientRow } from '../../adapters/stores/clients.ts';
import type { User } from '../../adapters/user-stores/user-store.ts';
import type { IssuerOptions, KeyManager } from '../call.ts';
import { readOnce } from '../clients/known-clients.ts';
import type { Form } from '../form.ts';
import { OAuthError } from '../oauth-error.ts';
import { issue } from '../tokens/issue.ts';
import { applicationTokenScope, readScope } from '../tokens/scopes.ts';
import { expiresAt, issueTime } from '../tokens/times.ts';
import type { Grant } from './grant.ts';

export const clientCredentials: Grant = {
  grantType: 'client_credentials',
  parameters: ['scope', 'validity_period'],
  async handle({ form, client, beganAt, storeAt, confirmation }, km) {
    const validity = readValidity(form, client, km.options);
    const asked = readScope(form.get('scope'));
    const issuedAt = await issueTime(km, { subject: client.owner, client: client.consumer_key }, beganAt);
    const owner = await ownerOf(km, client);
    // Whose name is free again can be taken by somebody else.
    if (!owner) throw new OAuthError('unauthorized_client', 'the owner of the client is no user any more');
    return issue(
      km,
      {
        client,
        subject: client.owner,
        userType: 'APPLICATION',
        grantType: clientCredentials.grantType,
        scope: await applicationTokenScope(km.store.db, client, owner.roles, asked),
        asked,
        beganAt,
        storeAt,
        confirmation,
        issuedAt,
        expiresAt: expiresAt(issuedAt, validity),
      },
      false,
    );
  },
};

/** Users who stand in the store itself change with it; others may have changed since. */
const ownerOf = (km: KeyManager, client: ClientRow): Promise<User | null> =>
  km.users.areInStore ? readOnce(client, 'owner', () => km.users.find(client.owner)) : km.users.find(client.owner);

/** `validity_period` in seconds: -1 = the client's default, -2 = never expires. */
function readValidity(
  form: Form,
  { application_validity }: ClientRow,
  { applicationTokenValidity, maxValidity, timestampSkew }: IssuerOptions,
): number {
  const text = form.get('validity_period');
  if (text === null || text === '-1') return application_validity ?? applicationTokenValidity;
  const bounded = maxValidity >= 0;
  if (text === '-2' && !bounded) return -1;
  const validity = /^\d{1,12}$/.test(text) ? Number(text) : 0;
  if (validity <= timestampSkew || (bounded && validity > maxValidity)) {
    const expected = bounded
      ? `more than ${timestampSkew} and at most ${maxValidity} seconds, or -1 (the default)`
      : `more than ${timestampSkew} seconds, -1 (the default) or -2 (never expires)`;
    throw new OAuthError('invalid_request', `validity_period: expected ${expected}`);
  }
  return validity;
}
