/**
 * One token for another (RFC 8693): what a client may do for a user on its own, it gets for a token of his that another
 * client has sent it. The new one never says more, never lives longer, and dies with the old one (docs/grants.md).
 */

import { restOn } from '../../adapters/stores/exchanged-tokens.ts';
import { linkSession } from '../../adapters/stores/sessions.ts';
import { gatewayAudience } from '../../core/token.ts';
import type { KeyManager } from '../call.ts';
import { isPublic } from '../clients/client-metadata.ts';
import { type BroughtToken, readToken, tokenTypes } from '../exchange/read-token.ts';
import type { Form } from '../form.ts';
import type { Actor } from '../formats/format.ts';
import { OAuthError } from '../oauth-error.ts';
import type { Confirmation } from '../tokens/confirmation.ts';
import { issue } from '../tokens/issue.ts';
import { rolesOf } from '../tokens/roles.ts';
import { readScope } from '../tokens/scopes.ts';
import { issueTime, lasts } from '../tokens/times.ts';
import { newTokenId } from '../tokens/token-id.ts';
import { userPlan } from '../tokens/user-plan.ts';
import type { Grant, GrantRequest } from './grant.ts';

export const tokenExchange: Grant = {
  grantType: 'urn:ietf:params:oauth:grant-type:token-exchange',
  parameters: [
    'subject_token',
    'subject_token_type',
    'actor_token',
    'actor_token_type',
    'requested_token_type',
    'audience',
    'resource',
    'scope',
  ],
  async handle(request, km) {
    const { form, client, beganAt } = request;
    if (isPublic(client)) throw new OAuthError('unauthorized_client', 'a public client exchanges no tokens');
    checkWanted(form, client);
    const asked = readScope(form.get('scope'));
    const brought = await bring(km, request, 'subject_token');
    if (!brought.ofUser) throw new OAuthError('invalid_request', 'subject_token: expected that of a user');
    const act = await actorOf(km, request, brought);
    const beyond = asked.find((name) => !brought.scopes.includes(name));
    if (beyond !== undefined) throw new OAuthError('invalid_scope', `scope ${beyond} is not one of subject_token`);

    const { subject } = brought;
    const issuedAt = await issueTime(km, { subject, client: client.consumer_key }, beganAt);
    const roles = await rolesOf(km, subject);
    if (!roles) throw new OAuthError('invalid_request', 'subject_token: the user is unknown');
    const family = newTokenId();
    const plan = {
      ...(await userPlan(km, request, {
        grantType: tokenExchange.grantType,
        subject,
        roles,
        wanted: asked.length > 0 ? asked : brought.scopes,
        asked,
        issuedAt,
        notAfter: brought.expiresAt,
      })),
      family,
      apart: true,
      ...(act && { act }),
    } as const;
    if (!lasts(plan.expiresAt, issuedAt, km.options)) {
      throw new OAuthError('invalid_request', 'subject_token is about to expire');
    }
    const { accessId, session } = brought;
    const issued = await issue(km, plan, false, async (tx) => {
      if (!(await brought.lives(tx))) return false;
      if (accessId !== null) await restOn(tx, accessId, family);
      if (session !== null) await linkSession(tx, { session_id: session, consumer_key: client.consumer_key, family });
      return true;
    });
    if (!issued) throw new OAuthError('invalid_request', 'subject_token was revoked meanwhile');
    return { ...issued, issuedTokenType: tokenTypes.access };
  },
};

type Asking = Pick<GrantRequest, 'form' | 'client' | 'confirmation'>;

/** Nothing is promised that a token of ours would not keep. */
function checkWanted(form: Form, { token_type }: GrantRequest['client']): void {
  const wanted = form.get('requested_token_type');
  const given: readonly (string | null)[] = [
    null,
    tokenTypes.access,
    ...(token_type === 'JWT' ? [tokenTypes.jwt] : []),
  ];
  if (!given.includes(wanted)) {
    throw new OAuthError('invalid_request', `requested_token_type: expected ${given.slice(1).join(' or ')}`);
  }
  const audience = form.get('audience');
  if (audience !== null && audience !== gatewayAudience) {
    throw new OAuthError('invalid_target', `audience: expected ${gatewayAudience}`);
  }
  // Which APIs a token opens is a matter of subscriptions and scopes, so it can not be made good for one address alone.
  if (form.get('resource') !== null) throw new OAuthError('invalid_target', 'resource: narrow it by scope instead');
}

/** @throws OAuthError invalid_request when it is not there, or no live one of ours (section 2.2.2) */
async function bring(
  km: KeyManager,
  { form, confirmation }: Pick<Asking, 'form' | 'confirmation'>,
  name: 'subject_token' | 'actor_token',
): Promise<BroughtToken> {
  const token = form.require(name);
  const type = form.require(`${name}_type`);
  if (!(Object.values(tokenTypes) as string[]).includes(type)) {
    throw new OAuthError('invalid_request', `${name}_type: expected ${Object.values(tokenTypes).join(' or ')}`);
  }
  const brought = await readToken(km, type, token);
  if (!brought) throw new OAuthError('invalid_request', `${name}: unknown, expired, revoked, or of another type`);
  // Else a stolen one, worth nothing without its key, could be made one that needs none.
  const bound = Object.entries(brought.confirmation) as [keyof Confirmation, string][];
  if (bound.some(([kind, key]) => confirmation[kind] !== key)) {
    throw new OAuthError('invalid_request', `${name}: bound to a key that this request does not prove (cnf)`);
  }
  return brought;
}

/**
 * Who acts for the user. A client that uses what another one was given says who it is, unless an option lets it pass for
 * the user himself; its own token it may narrow without a word.
 */
async function actorOf(km: KeyManager, asking: Asking, brought: BroughtToken): Promise<Actor | undefined> {
  const { form, client } = asking;
  const own = brought.client === client.consumer_key;
  // Who logs in at another client has given nothing to this one (OpenID Connect Core section 3.1.3.7).
  if (brought.accessId === null && !own) {
    throw new OAuthError('invalid_request', 'subject_token: an id token for another client');
  }
  if (form.get('actor_token') === null) {
    if (form.get('actor_token_type') !== null) {
      throw new OAuthError('invalid_request', 'actor_token_type stands with actor_token only');
    }
    if (own || km.options.exchangeImpersonation) return brought.act;
    throw new OAuthError('invalid_request', 'missing parameter: actor_token, a token of the client that acts');
  }
  const actor = await bring(km, asking, 'actor_token');
  if (actor.client !== client.consumer_key) {
    throw new OAuthError('invalid_request', 'actor_token: expected one that was issued to the client itself');
  }
  return {
    sub: actor.subject,
    ...(actor.ofUser ? {} : { client_id: actor.client }),
    // Who acted before stays in sight (section 4.1).
    ...(brought.act && { act: brought.act }),
  };
}
