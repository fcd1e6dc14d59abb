/** A user lets an application act for him no more, or none. */
import { recordAudit } from '../../adapters/stores/audit-log.ts';
import { grantedClients } from '../../adapters/stores/granted-clients.ts';
import { type KeyManager, seconds } from '../call.ts';
import type { AccountAction } from './action.ts';

export const revokeOne: AccountAction = async ({ form }, km, { subject }) => {
  await revoke(km, subject, form.require('client'));
  return 'revoked';
};

export const revokeAll: AccountAction = async (_call, km, { subject }) => {
  const clients = await grantedClients(km.store.db, subject, seconds(km.clock));
  for (const { consumerKey } of clients) await revoke(km, subject, consumerKey);
  return 'all-revoked';
};

const revoke = (km: KeyManager, subject: string, consumerKey: string): Promise<unknown> =>
  km.revoker.revokeAccess(subject, consumerKey, (tx, revoked) =>
    recordAudit(tx, {
      actor: subject,
      action: 'revoke-access',
      kind: 'key',
      id: consumerKey,
      name: consumerKey,
      after: { subject, ...revoked },
      at: km.clock.now(),
    }),
  );
