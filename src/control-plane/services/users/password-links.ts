/** An administrator lets a user set a new password, without knowing either. */
import { createHash, randomBytes } from 'node:crypto';
import { recordAudit } from '../../../adapters/stores/audit-log.ts';
import { putPasswordLink } from '../../../adapters/stores/password-links.ts';
import { findUser } from '../../../adapters/stores/users.ts';
import { RestError } from '../../../platform/rest-error.ts';
import { type ControlPlaneDeps, seconds } from '../../deps.ts';
import { existingUser } from './users.ts';

/** Seconds that a link is good. */
const validity = 86_400;

export interface MadeLink {
  readonly link: string;
  /** Seconds since the epoch. */
  readonly expires: number;
}

/** Makes a link that is good once, for a day; an earlier one of the user is good no more. @throws RestError 404 */
export async function makePasswordLink(deps: ControlPlaneDeps, name: string, actor: string): Promise<MadeLink> {
  const user = await existingUser(deps, name);
  const secret = randomBytes(32).toString('base64url');
  const now = seconds(deps.clock);
  await deps.store.transaction(async (tx) => {
    const row = await findUser(tx.db, user.tenant, user.name);
    if (!row) throw new RestError(404, `The password of ${name} is not kept here.`);
    await putPasswordLink(tx, {
      secret_hash: createHash('sha256').update(secret).digest('base64url'),
      user_id: row.id,
      created_at: now,
      expires_at: now + validity,
    });
    await recordAudit(tx, {
      actor,
      action: 'make-password-link',
      kind: 'user',
      id: user.fullName,
      name: user.fullName,
      at: deps.clock.now(),
    });
  });
  return { link: `${deps.publicUrl}/oauth2/new-password?key=${secret}`, expires: now + validity };
}
