/** A user ends his sessions: in this browser, in another one, in all others. */
import { endSession } from '../../adapters/stores/end-session.ts';
import { findSession, sessionsOf } from '../../adapters/stores/sessions.ts';
import { seconds } from '../call.ts';
import { endSession as endHere } from '../log-in/sessions.ts';
import type { AccountAction } from './action.ts';

export const endOne: AccountAction = async ({ form }, km, { subject }) => {
  const id = form.require('session');
  await km.store.transaction(async (tx) => {
    const session = await findSession(tx.db, id);
    if (session?.subject === subject) await endSession(tx, id, seconds(km.clock));
  });
  return 'logged-out';
};

export const endOthers: AccountAction = async (_call, km, { id: own, subject }) => {
  const now = seconds(km.clock);
  await km.store.transaction(async (tx) => {
    for (const { id } of await sessionsOf(tx.db, subject, now)) if (id !== own) await endSession(tx, id, now);
  });
  return 'logged-out-elsewhere';
};

export const logOut: AccountAction = async ({ reply }, km, session) => {
  await endHere(km, reply, session);
  // Where nobody is logged in any more, it says so.
  reply.code(303).header('location', `${km.options.publicUrl}/oidc/logout`).send();
  return null;
};
