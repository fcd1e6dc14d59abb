/** Access tokens that say everything themselves (RFC 7519). Each has a row, so that each can be revoked by its `jti`. */
import { insertAccessToken, linkFamily } from '../../adapters/stores/access-tokens.ts';
import { type AccessTokenClaims, gatewayAudience } from '../../core/token.ts';
import { readOnce } from '../clients/known-clients.ts';
import { clientClaims } from '../tokens/claims.ts';
import { cnf } from '../tokens/confirmation.ts';
import { newTokenId } from '../tokens/token-id.ts';
import { rowOf, type TokenFormat, type TokenPlan } from './format.ts';

export const jwt: TokenFormat = {
  form: 'JWT',
  // A new one at each request.
  current: async () => null,
  live: async () => null,
  derive() {
    throw new Error('a JWT is not kept, so it can not be handed out again');
  },
  async prepare(km, plan) {
    const jti = newTokenId();
    const isProfiled = km.options.jwtProfile === 'RFC 9068';
    const claims: AccessTokenClaims = {
      sub: plan.subject,
      aud: gatewayAudience,
      iss: km.options.issuer,
      ...(await readOnce(plan.client, 'claims', () => clientClaims(km.store.db, plan.client))),
      scope: plan.scope,
      iat: plan.issuedAt,
      nbf: plan.issuedAt,
      exp: plan.expiresAt,
      jti,
      ...(plan.act && { act: plan.act }),
      ...cnf(plan.confirmation),
      ...(isProfiled && { client_id: plan.client.consumer_key, ...profile(plan) }),
    };
    const value = await km.keys.sign({ ...claims, aud: gatewayAudience }, isProfiled ? 'at+jwt' : 'JWT');
    const row = { ...rowOf(km, plan), id: jti, form: 'JWT', token_hash: null, nonce: null } as const;
    const access = { value, expiresAt: plan.expiresAt };
    return {
      row,
      access,
      async write(tx, family) {
        await insertAccessToken(tx, row);
        if (family !== null) await linkFamily(tx, jti, family);
        return access;
      },
    };
  },
};

/** What the profile says of a log-in (RFC 9068 section 2.2.1). */
const profile = ({ logIn }: TokenPlan): object => ({
  ...(logIn?.authenticatedAt !== undefined && { auth_time: logIn.authenticatedAt }),
  ...(logIn && logIn.methods.length > 0 && { amr: [...logIn.methods] }),
});
