/** Revocation by an administrator, and what is revoked at present: ours, the original has no such operations. */
import { listKeyManagers, ownIssuers } from '../../../adapters/stores/key-managers.ts';
import { listRevocations } from '../../../adapters/stores/revocations.ts';
import { never, type Revocation, shortHash } from '../../../core/revocation.ts';
import { fullUserName } from '../../../core/tenant.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { seconds } from '../../deps.ts';
import { type Operation, type Operations, ok } from '../../rest/operation.ts';
import { page, rangeOf } from '../../rest/page.ts';
import { type RevocationRequest, readOrder } from '../../services/revocations/read-order.ts';
import { writeTime } from '../../services/revocations/read-time.ts';
import { revoke } from '../../services/revocations/revoke.ts';

/** There may be a million, and what is passed over is read. */
const farthest = 10_000;

const create: Operation = async (call, deps) => {
  const order = readOrder(call.json<RevocationRequest>(), seconds(deps.clock));
  const { issuedBefore, expires, ...rest } = await revoke(deps, order, call.caller);
  // It may be that of a later change; a gateway that has applied it has applied ours.
  const { number } = await deps.store.changes.head();
  return { status: 201, body: { ...rest, ...times({ issuedBefore, expires }), number } };
};

const list: Operation = async (call, deps) => {
  const { db } = deps.store;
  const others = await listKeyManagers(db, call.caller.tenant);
  if (rangeOf(call).offset > farthest) {
    throw new RestError(400, `offset: expected at most ${farthest}; user or consumerKey shortens the list.`);
  }
  const { rows, total } = await listRevocations(db, {
    now: seconds(deps.clock),
    issuers: [...(await ownIssuers(db)), ...others.flatMap(({ issuer }) => issuer ?? [])],
    ...filterOf(call.query('user'), call.query('consumerKey')),
    ...rangeOf(call),
  });
  return ok(page(call, rows.map(write), total));
};

export const revocations: Operations = { 'POST /revocations': create, 'GET /revocations': list };

/** @throws RestError 400 for both: nothing is of a user and of a consumer key */
function filterOf(user: string | undefined, consumerKey: string | undefined) {
  if (user !== undefined && consumerKey !== undefined) {
    throw new RestError(400, 'query: expected user or consumerKey, not both.');
  }
  // Other key managers' users have no tenant.
  if (user !== undefined) return { of: { type: 'subject', values: [user, fullUserName(user)] } } as const;
  return consumerKey === undefined ? {} : ({ of: { type: 'client', values: [consumerKey] } } as const);
}

const kinds = { token: 'token', unnamed: 'token', opaque: 'token', subject: 'user', client: 'consumerKey' } as const;

function write({ number, revocation }: { number: number; revocation: Revocation }) {
  const { type, issuer, value } = revocation;
  const isHash = type === 'unnamed' || type === 'opaque';
  return {
    number,
    kind: kinds[type],
    value: isHash ? shortHash(value) : value,
    ...(issuer !== '' && { issuer }),
    ...times(revocation),
  };
}

function times({ issuedBefore, expires }: { issuedBefore?: number | undefined; expires?: number | undefined }) {
  return {
    ...(issuedBefore !== undefined && { issuedBefore: writeTime(issuedBefore) }),
    ...(expires !== undefined && expires < never && { expires: writeTime(expires) }),
  };
}
