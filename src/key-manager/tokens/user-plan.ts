/** The plan of a user's access token: what every grant that gives one has in common. */
import type { KeyManager } from '../call.ts';
import type { TokenPlan } from '../formats/format.ts';
import type { GrantRequest } from '../grants/grant.ts';
import { userScope } from './scopes.ts';
import { expiresAt } from './times.ts';

type Asking = Pick<GrantRequest, 'client' | 'beganAt' | 'confirmation'>;

export interface UserToken {
  readonly grantType: string;
  /** `name@tenant`. */
  readonly subject: string;
  /** Of the user, as they are now. */
  readonly roles: readonly string[];
  /** Names of scopes, out of which the token gets what the roles allow. */
  readonly wanted: readonly string[];
  /** Those that somebody asked for by name. Default: `wanted` */
  readonly asked?: readonly string[];
  readonly issuedAt: number;
  /** The token lives no longer, whatever the options say; absent = as they say. */
  readonly notAfter?: number | undefined;
}

export async function userPlan(
  km: KeyManager,
  { client, beganAt, confirmation }: Asking,
  { grantType, subject, roles, wanted, asked = wanted, issuedAt, notAfter }: UserToken,
) {
  return {
    client,
    subject,
    userType: 'APPLICATION_USER',
    grantType,
    scope: await userScope(km.store.db, client, roles, wanted),
    asked,
    beganAt,
    confirmation,
    issuedAt,
    expiresAt: expiresAt(issuedAt, client.user_validity ?? km.options.accessTokenValidity, notAfter),
  } as const satisfies TokenPlan;
}
