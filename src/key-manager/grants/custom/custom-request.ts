/** A request to the token endpoint as a custom grant sees it: what it can not break, it is not shown. */
import { takeAssertion } from '../../../adapters/stores/used-assertions.ts';
import { type KeyManager, seconds } from '../../call.ts';
import { mayUse } from '../../clients/clients.ts';
import { OAuthError } from '../../oauth-error.ts';
import { type Issued, issue } from '../../tokens/issue.ts';
import { readScope } from '../../tokens/scopes.ts';
import { issueTime } from '../../tokens/times.ts';
import { newTokenId } from '../../tokens/token-id.ts';
import { userPlan } from '../../tokens/user-plan.ts';
import type { GrantRequest } from '../grant.ts';
import type { CustomGrantOrder, CustomGrantRequest, CustomGrantUser } from './custom-grant.ts';

/** @param given learns what was issued */
export function customRequest(
  km: KeyManager,
  grantType: string,
  request: GrantRequest,
  given: (issued: Issued) => void,
): CustomGrantRequest {
  const { form, client, source, beganAt } = request;
  let isIssued = false;
  return {
    client: { id: client.consumer_key, name: client.name, owner: client.owner },
    now: seconds(km.clock),
    get: (name) => form.get(name),
    require: (name) => form.require(name),
    findUser: async (name) => userOf(await km.users.find(name)),
    verifyUser: async (name, password) => userOf(await km.users.verify(name, password, source)),
    refuse(description, error = 'invalid_grant') {
      throw new OAuthError(error, description);
    },
    async issue(order) {
      if (isIssued) throw new Error(`the grant ${grantType} has called issue twice`);
      isIssued = true;
      const issued = await give(order);
      given(issued);
      return issued;
    },
  };

  async function give({ user, scopes, validity, refreshToken = false, once }: CustomGrantOrder): Promise<Issued> {
    const usual = client.user_validity ?? km.options.accessTokenValidity;
    if (validity !== undefined && !(Number.isSafeInteger(validity) && validity > km.options.timestampSkew)) {
      throw new Error(`validity: expected more than ${km.options.timestampSkew} seconds, got ${validity}`);
    }
    const found = await km.users.find(user);
    if (!found) throw new OAuthError('invalid_grant', 'the user is unknown');
    const issuedAt = await issueTime(km, { subject: found.fullName, client: client.consumer_key }, beganAt);
    const bounded = validity !== undefined && (usual < 0 || validity < usual);
    const family = newTokenId();
    const plan = {
      ...(await userPlan(km, request, {
        grantType,
        subject: found.fullName,
        roles: found.roles,
        wanted: readScope(scopes?.join(' ') ?? form.get('scope')),
        issuedAt,
        notAfter: bounded ? issuedAt + validity : undefined,
      })),
      ...(bounded && { apart: true as const }),
      ...(once && { family }),
    } as const;
    const withRefresh = refreshToken && mayUse(client, 'refresh_token');
    if (!once) return issue(km, plan, withRefresh);
    const use = { issuer: grantType, id: once.id, family, expiresAt: Math.ceil(once.expiresAt) };
    const issued = await issue(km, plan, withRefresh, (tx) => takeAssertion(tx, use));
    if (!issued) throw new OAuthError('invalid_grant', 'it was used already');
    return issued;
  }
}

const userOf = (user: CustomGrantUser | null): CustomGrantUser | null =>
  user && { fullName: user.fullName, roles: [...user.roles] };
