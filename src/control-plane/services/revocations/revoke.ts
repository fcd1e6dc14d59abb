/** Revokes for administrators: a token, or everything of a user or a consumer key. Each with its audit entry. */
import { listKeyManagers, ownIssuers } from '../../../adapters/stores/key-managers.ts';
import { RestError } from '../../../platform/rest-error.ts';
import type { ControlPlaneDeps } from '../../deps.ts';
import type { Caller } from '../../rest/caller.ts';
import { readForeignToken } from './foreign-token.ts';
import type { RevocationOrder } from './read-order.ts';
import type { RevocationAnswer } from './revocation-answer.ts';
import { revokeEverything } from './revoke-everything.ts';
import { revokeForeignEverything, revokeForeignToken } from './revoke-foreign.ts';
import { revokeToken } from './revoke-token.ts';

/** @throws RestError 400 for an issuer that nobody knows, 404 when there is nothing to revoke */
export async function revoke(
  deps: ControlPlaneDeps,
  order: RevocationOrder,
  caller: Caller,
): Promise<RevocationAnswer> {
  const { what, value } = order;
  const own = await ownIssuers(deps.store.db);
  const foreign = what === 'token' ? readForeignToken(value) : null;
  const issuer = order.issuer ?? foreign?.issuer;
  if (order.issuer !== undefined && foreign && foreign.issuer !== order.issuer) {
    throw new RestError(400, `issuer: the token is of ${foreign.issuer}.`);
  }
  if (order.issuer !== undefined && own.includes(order.issuer)) {
    throw new RestError(
      400,
      `issuer: ${order.issuer} is ours; leave it out, and what all our issuers have issued is meant.`,
    );
  }
  if (issuer === undefined || own.includes(issuer)) {
    return what === 'token' ? revokeToken(deps, value, caller) : revokeEverything(deps, { ...order, what }, caller);
  }
  const known = (await listKeyManagers(deps.store.db, caller.tenant)).flatMap((row) => row.issuer ?? []);
  if (!known.includes(issuer)) {
    // A token that somebody made up is no reason to print what is in it.
    if (order.issuer === undefined) throw new RestError(404, 'The token is of no key manager that is known here.');
    const expected = known.length > 0 ? known.join(', ') : 'none is known that is not ours';
    throw new RestError(400, `issuer: expected that of a key manager: ${expected}.`);
  }
  return what === 'token'
    ? revokeForeignToken(deps, { ...order, issuer }, foreign, caller)
    : revokeForeignEverything(deps, { ...order, what, issuer }, caller);
}
