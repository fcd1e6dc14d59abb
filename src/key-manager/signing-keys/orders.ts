/**
 * What an administrator does to signing keys. Each order is one transaction with what gateways are told of it; when it
 * has returned, this node follows it, and the others do within a second.
 */
import {
  createSigningKey,
  listSigningKeys,
  type SigningKeyRow,
  updateSigningKey,
} from '../../adapters/stores/signing-keys.ts';
import type { StoreTransaction } from '../../adapters/stores/store.ts';
import { RestError } from '../../platform/rest-error.ts';
import { seconds } from '../call.ts';
import { shortestOverlap } from '../options.ts';
import { type Algorithm, type ImportedKey, importKey, makeKey } from './make-key.ts';
import { endOf, type KeyPhase, nextKey, phaseOf, signingKey } from './order-of-keys.ts';
import { publishKeys } from './publish-keys.ts';
import type { SigningKeysDeps } from './signing-keys.ts';

/** A signing key as it may be shown: nothing of its private part. */
export interface ShownKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly origin: SigningKeyRow['origin'];
  readonly phase: KeyPhase;
  /** Seconds since the epoch. */
  readonly createdAt: number;
  readonly signsFrom: number;
  /** When it ceases, or ceased, to sign; absent = nothing ends it yet. */
  readonly signsUntil?: number;
  /** Everything that it signed up to now has expired then. */
  readonly neededUntil: number;
}

/** Runs in the transaction of the order, and may run twice. */
export type DecideKey = (tx: StoreTransaction, key: ShownKey) => Promise<void>;

export interface NextKey {
  /** Default: that of access tokens. */
  readonly algorithm?: string | undefined;
  /** Seconds that it is published before it signs. Default: the option `keyOverlap`. */
  readonly signsAfter?: number | undefined;
}

export interface KeyOrders {
  /** Every key that there ever was, newest first. */
  list(): Promise<ShownKey[]>;
  /** Makes the next key of an algorithm. @throws RestError 400, 409 when there is one already */
  rotate(next: NextKey, decide: DecideKey): Promise<ShownKey>;
  /** As `rotate`, with a key that was made elsewhere. */
  importKey(next: NextKey & Omit<ImportedKey, 'algorithm'>, decide: DecideKey): Promise<ShownKey>;
  /**
   * A key signs no more: the next one does from now on. What it signed stays good until it expires. One that has not signed yet is
   * withdrawn. Null = there is no such key. @throws RestError 409 when nothing could take its place
   */
  retire(kid: string, decide: DecideKey): Promise<ShownKey | null>;
  /**
   * Nothing that a key signed is good any more, from now on and everywhere: somebody else may have it. If it signs, the next one does,
   * or one that is made for it. Null = there is no such key.
   */
  revoke(kid: string, decide: DecideKey): Promise<ShownKey | null>;
}

/** @param follow reads the store again */
export function keyOrders(
  { store, seal, clock, options }: SigningKeysDeps,
  wanted: readonly Algorithm[],
  follow: () => Promise<void>,
): KeyOrders {
  const now = () => seconds(clock);
  const shown = (row: SigningKeyRow, rows: readonly SigningKeyRow[]): ShownKey => {
    const end = endOf(row, rows);
    return {
      kid: row.kid,
      algorithm: row.algorithm,
      origin: row.origin,
      phase: phaseOf(row, rows, now()),
      createdAt: row.created_at,
      signsFrom: row.signs_from,
      ...(Number.isFinite(end) && { signsUntil: end }),
      neededUntil: row.needed_until,
    };
  };
  const readAlgorithm = (algorithm: string | undefined): Algorithm | undefined => {
    if (algorithm === undefined || wanted.includes(algorithm as Algorithm)) return algorithm as Algorithm | undefined;
    throw new RestError(
      400,
      `algorithm: expected ${wanted.join(' or ')} (options tokens.signingAlgorithm and tokens.otherAlgorithms), got ${algorithm}.`,
    );
  };
  const timesOf = ({ signsAfter = options.keyOverlap }: NextKey) => {
    if (signsAfter < shortestOverlap) {
      throw new RestError(
        400,
        `signsAfter: expected at least ${shortestOverlap} s, so that every node has seen the key.`,
      );
    }
    return { now: now(), signsFrom: now() + signsAfter };
  };
  /** Shows what became of the key, once all is written that has to be. */
  const conclude = async (tx: StoreTransaction, kid: string, decide: DecideKey): Promise<ShownKey> => {
    await publishKeys(tx);
    const rows = await listSigningKeys(tx.db);
    const key = shown(rows.find((row) => row.kid === kid) as SigningKeyRow, rows);
    await decide(tx, key);
    return key;
  };
  const ordered = async <T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T> => {
    const done = await store.transaction(work);
    await follow();
    return done;
  };
  const add = (key: SigningKeyRow, decide: DecideKey): Promise<ShownKey> =>
    ordered(async (tx) => {
      const rows = await listSigningKeys(tx.db);
      const same = rows.find(({ kid }) => kid === key.kid);
      if (same)
        throw new RestError(409, `There is this key already, ${same.kid}; it is ${phaseOf(same, rows, now())}.`);
      const next = nextKey(rows, key.algorithm, now());
      if (next) {
        const from = new Date(next.signs_from * 1000).toISOString();
        throw new RestError(
          409,
          `There is a next key of ${key.algorithm} already, ${next.kid}, which signs from ${from}.`,
        );
      }
      await createSigningKey(tx, key);
      return conclude(tx, key.kid, decide);
    });

  return {
    async list() {
      const rows = await listSigningKeys(store.db);
      return rows.map((row) => shown(row, rows));
    },
    async rotate(next, decide) {
      const algorithm = readAlgorithm(next.algorithm) ?? (wanted[0] as Algorithm);
      return add(await makeKey(algorithm, seal, timesOf(next)), decide);
    },
    async importKey({ key, passphrase, ...next }, decide) {
      const imported = { key, passphrase, algorithm: readAlgorithm(next.algorithm) };
      const row = await importKey(imported, seal, timesOf(next));
      readAlgorithm(row.algorithm);
      return add(row, decide);
    },
    retire: (kid, decide) =>
      ordered(async (tx) => {
        const rows = await listSigningKeys(tx.db);
        const row = rows.find((one) => one.kid === kid);
        if (!row) return null;
        const phase = phaseOf(row, rows, now());
        if (phase === 'NEXT') {
          await updateSigningKey(tx, kid, { retired_at: now(), state: 'WITHDRAWN', private_sealed: '' });
        } else if (phase === 'SIGNING') {
          const next = nextKey(rows, row.algorithm, now());
          if (next && next.created_at + shortestOverlap > now()) {
            throw new RestError(409, 'The next key has just been made; not every node and gateway knows it yet.');
          }
          if (!next && wanted.includes(row.algorithm as Algorithm)) {
            throw new RestError(409, `It is the only key of ${row.algorithm}; rotate first, or revoke it.`);
          }
          await updateSigningKey(tx, kid, { retired_at: now() });
          if (next) await updateSigningKey(tx, next.kid, { signs_from: now() });
        }
        return conclude(tx, kid, decide);
      }),
    async revoke(kid, decide) {
      const present = (await listSigningKeys(store.db)).find((one) => one.kid === kid);
      if (!present) return null;
      const algorithm = present.algorithm as Algorithm;
      // Before the transaction, which the making of a key would hold up. Nobody may need it.
      const spare = wanted.includes(algorithm)
        ? await makeKey(algorithm, seal, { now: now(), signsFrom: now() })
        : null;
      return ordered(async (tx) => {
        const rows = await listSigningKeys(tx.db);
        const row = rows.find((one) => one.kid === kid) as SigningKeyRow;
        const next = nextKey(rows, algorithm, now());
        const retired_at = Math.min(row.retired_at ?? now(), now());
        await updateSigningKey(tx, kid, { state: 'REVOKED', retired_at, private_sealed: '' });
        if (signingKey(rows, algorithm, now())?.kid === kid) {
          if (next) await updateSigningKey(tx, next.kid, { signs_from: now() });
          else if (spare) await createSigningKey(tx, spare);
        }
        return conclude(tx, kid, decide);
      });
    },
  };
}
