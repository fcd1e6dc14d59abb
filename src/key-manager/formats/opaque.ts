/**
 * Access tokens that say nothing. The value is derived from the row's id and nonce under the store key, so that every
 * node can hand out the same live token again and a stolen database yields none.
 */
import { randomUUID } from 'node:crypto';
import {
  type AccessTokenRow,
  findActiveOpaque,
  type HandedOut,
  insertAccessToken,
  linkFamily,
  replaceAccessToken,
  type TokenIdentity,
} from '../../adapters/stores/access-tokens.ts';
import type { Seal } from '../../platform/seal.ts';
import type { KeyManager } from '../call.ts';
import { writeConfirmation } from '../tokens/confirmation.ts';
import { lasts } from '../tokens/times.ts';
import { tokenHash } from '../tokens/token-hash.ts';
import { newTokenId } from '../tokens/token-id.ts';
import { type PreparedToken, rowOf, type TokenFormat, type TokenPlan } from './format.ts';

export const opaque: TokenFormat = {
  form: 'OPAQUE',
  current: async (db, plan) => (isApart(plan) ? null : findActiveOpaque(db, identity(plan))),
  async live(km, plan) {
    const read = () => opaque.current(km.store.db, plan);
    if (isApart(plan) || plan.storeAt === undefined) return read();
    const name = nameOf(plan);
    // One for which nobody has asked here is new, most likely: who writes it finds out.
    return km.handedOut.mayHave(name) ? km.handedOut.get(name, plan.storeAt, read) : null;
  },
  derive: (km, row) => ({ value: opaqueTokenOf(km.seal, row), expiresAt: row.expires_at }),
  async prepare(km, plan) {
    const first = newToken(km, plan);
    let written: HandedOut = first.row;
    return {
      ...first,
      async write(tx, family, { fresh } = { fresh: false }) {
        km.handedOut.forget(nameOf(plan));
        for (let next = first; ; next = newToken(km, plan)) {
          if (await insertAccessToken(tx, next.row)) {
            written = next.row;
            if (family !== null) await linkFamily(tx, next.row.id, family);
            return next.access;
          }
          // There is one: another node was faster, or it has had its time.
          const current = await opaque.current(tx.db, plan);
          if (current && !fresh && mayStand(current, plan) && lasts(current.expires_at, plan.issuedAt, km.options)) {
            written = current;
            if (family !== null) await linkFamily(tx, current.id, family);
            return opaque.derive(km, current);
          }
          if (current) await replaceAccessToken(tx, current.id);
        }
      },
      committed() {
        if (!isApart(plan) && plan.storeAt !== undefined) km.handedOut.put(nameOf(plan), plan.storeAt, written);
      },
    };
  },
};

function newToken(km: KeyManager, plan: TokenPlan): Pick<PreparedToken, 'row' | 'access'> {
  const id = newTokenId();
  const nonce = randomUUID();
  const value = opaqueTokenOf(km.seal, { id, nonce });
  const state = isApart(plan) ? 'REPLACED' : 'ACTIVE';
  return {
    row: { ...rowOf(km, plan), id, form: 'OPAQUE', token_hash: tokenHash(value), nonce, state },
    access: { value, expiresAt: plan.expiresAt },
  };
}

/** What another one tells of the user is not what this one may. */
const isApart = ({ apart, logIn }: TokenPlan): boolean => apart === true || logIn?.userinfo !== undefined;

/** What was given for longer than this grant may give is not given for it. */
const mayStand = ({ expires_at }: HandedOut, { notAfter }: TokenPlan): boolean =>
  notAfter === undefined || expires_at <= notAfter;

const opaqueTokenOf = (seal: Seal, { id, nonce }: Pick<AccessTokenRow, 'id' | 'nonce'>): string =>
  seal.derive('opaque-access-token', id, nonce as string);

const nameOf = (plan: TokenPlan): string => JSON.stringify(Object.values(identity(plan)));

const identity = (plan: TokenPlan): TokenIdentity => ({
  consumer_key: plan.client.consumer_key,
  subject: plan.subject,
  user_type: plan.userType,
  scope: plan.scope,
  confirmation: writeConfirmation(plan.confirmation),
});
