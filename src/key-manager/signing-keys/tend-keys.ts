/**
 * What happens to signing keys by itself: the next one is made in time, the private part of one that signs no more is
 * erased, and its public part withdrawn when all that it signed has expired. Any node does it; the first one is enough.
 */
import { listSigningKeys, type SigningKeyRow, updateSigningKey } from '../../adapters/stores/signing-keys.ts';
import { RestError } from '../../platform/rest-error.ts';
import { seconds } from '../call.ts';
import type { Algorithm } from './make-key.ts';
import { endOf, nextKey, signingKey } from './order-of-keys.ts';
import type { KeyOrders } from './orders.ts';
import { publishKeys } from './publish-keys.ts';
import type { SigningKeysDeps } from './signing-keys.ts';

const everyMs = 10_000;
const day = 86_400;
/** Seconds by which clocks of nodes and gateways may differ, amply. */
const clockDifference = 3600;

/** Returns the function that ends it. */
export function tendKeys(deps: SigningKeysDeps, wanted: readonly Algorithm[], orders: KeyOrders): () => void {
  const timer = setInterval(() => {
    tendOnce(deps, wanted, orders).catch((error) =>
      deps.log.error({ err: error }, 'signing keys stay as they are, and are looked after later'),
    );
  }, everyMs).unref();
  return () => clearInterval(timer);
}

export async function tendOnce(
  { store, clock, options }: Pick<SigningKeysDeps, 'store' | 'clock' | 'options'>,
  wanted: readonly Algorithm[],
  orders: KeyOrders,
): Promise<void> {
  const now = seconds(clock);
  const rows = await listSigningKeys(store.db);
  for (const algorithm of options.keyRotation > 0 ? wanted : []) {
    const current = signingKey(rows, algorithm, now);
    const due = (current?.signs_from ?? 0) + options.keyRotation * day;
    if (!current || nextKey(rows, algorithm, now) || due - options.keyOverlap > now) continue;
    const signsAfter = Math.max(options.keyOverlap, due - now);
    await orders.rotate({ algorithm, signsAfter }, async () => {}).catch(ignoreFaster);
  }
  if (!rows.some((row) => isSpent(row, rows, now) || isIdle(row, rows, now))) return;
  await store.transaction(async (tx) => {
    const all = await listSigningKeys(tx.db);
    for (const row of all) {
      if (isSpent(row, all, now)) await updateSigningKey(tx, row.kid, { state: 'WITHDRAWN', private_sealed: '' });
      else if (isIdle(row, all, now)) await updateSigningKey(tx, row.kid, { private_sealed: '' });
    }
    await publishKeys(tx);
  });
}

/** Nothing that it signed is good any more. */
const isSpent = (row: SigningKeyRow, rows: readonly SigningKeyRow[], now: number): boolean =>
  row.state === 'ACTIVE' && Math.max(endOf(row, rows), row.needed_until) + clockDifference <= now;

/** No node signs with it any more, wherever its clock stands. */
const isIdle = (row: SigningKeyRow, rows: readonly SigningKeyRow[], now: number): boolean =>
  row.private_sealed !== '' && endOf(row, rows) + clockDifference <= now;

/** Another node has made the next key meanwhile. */
function ignoreFaster(error: unknown): void {
  if (!(error instanceof RestError && error.status === 409)) throw error;
}
