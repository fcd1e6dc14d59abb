/** GET and POST /oauth2/new-password: a user sets a password by a link that an administrator has made, once. */
import { revokeApiKeysBy } from '../../adapters/stores/api-keys.ts';
import { recordAudit } from '../../adapters/stores/audit-log.ts';
import { takePasswordLink, userOfPasswordLink } from '../../adapters/stores/password-links.ts';
import { UserStoreError } from '../../adapters/user-stores/user-store.ts';
import { type Call, type KeyManager, type Step, seconds } from '../call.ts';
import { rejectRepeatedParameters } from '../checks/reject-repeated-parameters.ts';
import { OAuthError } from '../oauth-error.ts';
import { showNewPassword, showPasswordSet } from '../pages/new-password.ts';
import { sentence } from '../pages/sentence.ts';
import { tokenHash } from '../tokens/token-hash.ts';

/** Nothing is used up by looking: programs that check links in messages look first. */
const show: Step = async (call, km) => {
  if (call.request.method === 'POST') return;
  showNewPassword(call, km, { user: await userOf(call, km) });
};

const set: Step = async (call, km) => {
  const { form } = call;
  const user = await userOf(call, km);
  const password = form.get('password') ?? '';
  if (password !== (form.get('again') ?? '')) {
    return showNewPassword(call, km, { user, problem: 'The two passwords are not the same.' });
  }
  const now = seconds(km.clock);
  try {
    await km.users.changePassword(user, password, async (tx, { fullName, name }) => {
      if (!(await takePasswordLink(tx, hashOf(call), now))) throw used();
      await km.revoker.revokeSubject(fullName, tx);
      await revokeApiKeysBy(tx, fullName, now);
      const what = { actor: fullName, action: 'set-password', kind: 'user', id: fullName, name };
      await recordAudit(tx, { ...what, at: km.clock.now() });
    });
  } catch (error) {
    if (!(error instanceof UserStoreError)) throw error;
    return showNewPassword(call, km, { user, problem: sentence(error.message) });
  }
  showPasswordSet(call, km);
};

const hashOf = ({ form }: Call): string => tokenHash(form.require('key'));

async function userOf(call: Call, km: KeyManager): Promise<string> {
  const name = await userOfPasswordLink(km.store.db, hashOf(call), seconds(km.clock));
  if (name === null) throw used();
  return name;
}

const used = (): OAuthError =>
  new OAuthError(
    'access_denied',
    'this link was used, replaced, or has expired; ask an administrator for another one',
    403,
  );

export const newPassword: readonly Step[] = [rejectRepeatedParameters, show, set];
