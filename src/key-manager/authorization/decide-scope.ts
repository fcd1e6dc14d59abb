/** Which scopes this client gets for this user, before he is asked: the code is for no others (RFC 6749 section 3.3). */
import type { SessionRow } from '../../adapters/stores/sessions.ts';
import type { Step } from '../call.ts';
import { givenScopes } from '../tokens/given-scopes.ts';
import { readScope } from '../tokens/scopes.ts';

export const decideScope: Step = async (call, km) => {
  const { subject } = call.session as SessionRow;
  call.scopes = await givenScopes(km, call.client, subject, readScope(call.form.get('scope')));
};
