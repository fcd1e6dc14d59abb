/** `postern logout`: revokes the tokens, and forgets them. */
import { findEnvironment } from '../remote/environments.ts';
import { openHttp } from '../remote/http.ts';
import { logOut } from '../remote/log-in.ts';
import { note } from '../remote/progress.ts';
import { readSession, removeSession } from '../remote/sessions.ts';

export async function logout(name: string, { insecure = false }: { readonly insecure?: boolean }): Promise<void> {
  const environment = findEnvironment(name);
  const session = readSession(name);
  if (!session) return note(`nobody is logged in to ${name}`);
  const http = openHttp(environment, { insecure });
  try {
    await logOut(http, environment, session);
  } finally {
    // Also when the control plane is not there: who logs out leaves nothing behind here.
    removeSession(name);
    await http.close();
  }
  note(`logged out of ${name}`);
}
