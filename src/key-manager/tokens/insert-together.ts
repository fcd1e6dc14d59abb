/** Access tokens that are issued in one moment are written together: a statement for each costs more than the row. */
import { type AccessTokenRow, insertAccessTokens } from '../../adapters/stores/access-tokens.ts';
import { readHead } from '../../adapters/stores/change-log.ts';
import { onlyTokens, type Store } from '../../adapters/stores/store.ts';
import { together } from '../../platform/together.ts';

export interface NewToken {
  readonly row: AccessTokenRow;
  /** `StoreHead.revokedAll` when the request began. */
  readonly beganAt: number;
}

/**
 * Gives true when the token is written and committed. False: something stands in its way, all tokens of some subject or client were
 * revoked meanwhile perhaps, or there is another one; then nothing is known of it, and it is to be written by itself (`issue`).
 */
export const insertTogether = (store: Store): ((token: NewToken) => Promise<boolean>) =>
  together(async (tokens: readonly NewToken[]) => {
    try {
      return await store.transaction(async (tx) => {
        const { revokedAll } = await readHead(tx.db);
        const rows = tokens.filter(({ beganAt }) => beganAt === revokedAll).map(({ row }) => row);
        const written = await insertAccessTokens(tx, rows);
        return tokens.map(({ row }) => written.has(row));
      }, onlyTokens);
    } catch {
      // One of them may be to blame; by itself it is told why.
      return tokens.map(() => false);
    }
  });
