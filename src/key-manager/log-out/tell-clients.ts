/**
 * Tells clients that a session ended, whoever ended it (OpenID Connect Back-Channel Logout 1.0). What has to be told stands in
 * the store: it waits for no client, and another node goes on where this one was stopped.
 */
import { randomUUID } from 'node:crypto';
import { fetchOutside } from '../../adapters/outbound/fetch-outside.ts';
import { findClient } from '../../adapters/stores/clients.ts';
import {
  dueNotices,
  type LogoutNotice,
  postponeNotice,
  removeNotice,
  takeNotice,
} from '../../adapters/stores/logout-notices.ts';
import { onlyTokens } from '../../adapters/stores/store.ts';
import { type KeyManager, seconds } from '../call.ts';
import { metadataOf } from '../clients/client-metadata.ts';

const everyMs = 1000;
/** At once. */
const most = 20;
const patienceMs = 5000;
/** Milliseconds until the next attempt; the last one is given up. */
const pauses = [5000, 30_000, 300_000, 1_800_000];
/** A node that was stopped while it told leaves it to others after this. */
const leaseMs = 60_000;
/** Seconds that a log-out token is good. Section 2.4 recommends at most two minutes. */
const validity = 120;

/** Begins to look every second. Returns the function that ends it, and waits for what is under way. */
export function tellOfLogOuts(km: KeyManager): () => Promise<void> {
  let running: Promise<void> | null = null;
  const timer = setInterval(() => {
    running ??= tellOnce(km)
      .catch((error) => km.log.error({ err: error }, 'clients are not told that users have logged out'))
      .finally(() => {
        running = null;
      });
  }, everyMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}

/** Tells all that are due. */
export async function tellOnce(km: KeyManager): Promise<void> {
  for (;;) {
    const due = await dueNotices(km.store.db, km.clock.now(), most);
    if (due.length === 0) return;
    await Promise.all(due.map((notice) => tell(km, notice)));
  }
}

async function tell(km: KeyManager, notice: LogoutNotice): Promise<void> {
  const { store, clock, log } = km;
  if (!(await store.transaction((tx) => takeNotice(tx, notice, clock.now() + leaseMs), onlyTokens))) return;
  const problem = await send(km, notice);
  const pause = pauses[Number(notice.attempts)];
  if (problem?.again && pause !== undefined) {
    return store.transaction((tx) => postponeNotice(tx, notice.id, clock.now() + pause), onlyTokens);
  }
  if (problem) log.warn({ consumerKey: notice.consumer_key, why: problem.why }, 'a client was not told of a log-out');
  await store.transaction((tx) => removeNotice(tx, notice.id), onlyTokens);
}

interface Problem {
  readonly why: string;
  readonly again: boolean;
}

/** Null when the client has taken it. */
async function send(km: KeyManager, notice: LogoutNotice): Promise<Problem | null> {
  const client = await findClient(km.store.db, notice.consumer_key);
  const uri = client && metadataOf(client).backchannel_logout_uri;
  if (!uri || !URL.canParse(uri)) return { why: 'it has no backchannel_logout_uri any more', again: false };
  try {
    const response = await fetchOutside(
      new URL(uri),
      {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ logout_token: await logOutToken(km, notice) }).toString(),
        signal: AbortSignal.timeout(patienceMs),
      },
      km.privateAddresses,
    );
    await response.body?.cancel();
    if (response.ok) return null;
    // 400: it has understood, and will not take it (section 2.8).
    return { why: `it answered ${response.status}`, again: response.status !== 400 };
  } catch (error) {
    return { why: (error as Error).message, again: true };
  }
}

/** Section 2.4. No `nonce`: it must not be taken for an id token. */
function logOutToken(km: KeyManager, notice: LogoutNotice): Promise<string> {
  const now = seconds(km.clock);
  const claims = {
    iss: km.options.issuer,
    sub: notice.subject,
    aud: notice.consumer_key,
    iat: now,
    exp: now + validity,
    jti: randomUUID(),
    sid: notice.session_id,
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  };
  return km.keys.sign(claims, 'logout+jwt');
}
