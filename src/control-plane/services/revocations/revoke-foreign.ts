/** Revokes what a key manager issued that is not ours. Gateways are told; here is nothing that could be counted. */
import { recordAudit } from '../../../adapters/stores/audit-log.ts';
import { revokeForeign } from '../../../adapters/stores/revocations.ts';
import { never, type Revocation } from '../../../core/revocation.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { type ControlPlaneDeps, seconds } from '../../deps.ts';
import type { Caller } from '../../rest/caller.ts';
import type { ForeignToken } from './foreign-token.ts';
import type { RevocationOrder } from './read-order.ts';
import type { RevocationAnswer } from './revocation-answer.ts';

/** Seconds after which the last token meant has expired, unless somebody says otherwise: longer than most live. */
const usual = 86_400;

type Order = RevocationOrder & { readonly issuer: string };

/**
 * @param token what a JWT says of itself; null = the order's value is a `jti`
 * @throws RestError 400 when its end is said although it says that itself, 404 when it has expired
 */
export async function revokeForeignToken(
  deps: ControlPlaneDeps,
  { issuer, value, expires }: Order,
  token: ForeignToken | null,
  caller: Caller,
): Promise<RevocationAnswer> {
  const now = seconds(deps.clock);
  if (token && expires !== undefined)
    throw new RestError(400, 'expires: expected only with a jti; a JWT says it itself.');
  const revocation = token?.revocation ?? { type: 'token', issuer, value, expires: expires ?? now + usual };
  if (revocation.expires <= now) throw new RestError(404, 'The token has expired.');
  const id = token?.id ?? value;
  await record(deps, revocation, { kind: 'access-token', action: 'revoke', id, issuer }, caller);
  return { kind: 'accessToken', value: id, issuer, ...ending(revocation) };
}

/** Everything of a user (`sub`) or consumer key of that key manager, by the name that it uses. */
export async function revokeForeignEverything(
  deps: ControlPlaneDeps,
  { what, value, issuer, issuedBefore, expires }: Order & { readonly what: 'user' | 'consumerKey' },
  caller: Caller,
): Promise<RevocationAnswer> {
  const now = seconds(deps.clock);
  const revocation: Revocation = {
    type: what === 'user' ? 'subject' : 'client',
    issuer,
    value,
    issuedBefore: issuedBefore ?? now,
    expires: expires ?? now + usual,
  };
  const kind = what === 'user' ? 'user' : 'client';
  await record(deps, revocation, { kind, action: 'revoke-tokens', id: value, issuer }, caller);
  return { kind: what, value, issuer, issuedBefore: issuedBefore ?? now, ...ending(revocation) };
}

const ending = ({ expires }: Revocation) => (expires < never ? { expires } : {});

async function record(
  deps: ControlPlaneDeps,
  revocation: Revocation,
  { issuer, ...entry }: { kind: string; action: string; id: string; issuer: string },
  caller: Caller,
): Promise<void> {
  const { issuedBefore, expires } = revocation;
  await deps.store.transaction(async (tx) => {
    await revokeForeign(tx, revocation);
    await recordAudit(tx, {
      ...entry,
      actor: caller.fullName,
      name: entry.id,
      after: { issuer, expires, ...(issuedBefore !== undefined && { issuedBefore }) },
      at: deps.clock.now(),
    });
  });
}
