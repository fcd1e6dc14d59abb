/** Where nothing is dropped without a word, the client is told before the user is asked (RFC 6749 section 4.1.2.1). */
import type { SessionRow } from '../../adapters/stores/sessions.ts';
import type { Step } from '../call.ts';
import { rolesOf } from '../tokens/roles.ts';
import { readScope, refuseDropped, userScope } from '../tokens/scopes.ts';

export const refuseDroppedScope: Step = async ({ form, client, session }, km) => {
  if (!km.options.strictScopes) return;
  const asked = readScope(form.get('scope'));
  const roles = await rolesOf(km, (session as SessionRow).subject);
  refuseDropped(asked, await userScope(km.store.db, client, roles ?? [], asked));
};
