/** What a client asks when it sends a browser to log out (OpenID Connect RP-Initiated Logout 1.0 section 2). */
import { type ClientRow, findClient } from '../../adapters/stores/clients.ts';
import type { KeyManager } from '../call.ts';
import { metadataOf } from '../clients/client-metadata.ts';
import type { Form } from '../form.ts';
import { type IdTokenHint, readHint } from '../log-in/id-token-hint.ts';
import { OAuthError } from '../oauth-error.ts';

export interface LogOutRequest {
  /** Who asks; null = nobody says. */
  readonly client: ClientRow | null;
  /** Whose session it is about, by an id token of ours; null = nobody showed one. */
  readonly hint: IdTokenHint | null;
  /** Where the browser goes then, with `state`; null = to a page of ours. */
  readonly redirectUri: string | null;
}

/** @throws OAuthError invalid_request when it contradicts itself, or wants the browser where nobody registered */
export async function readLogOutRequest(form: Form, km: KeyManager): Promise<LogOutRequest> {
  const hint = await readHint(form.get('id_token_hint'), km);
  const named = form.get('client_id') ?? hint?.client ?? null;
  if (hint && hint.client !== named) {
    throw new OAuthError('invalid_request', 'client_id is not the client that id_token_hint was issued to');
  }
  const client = named === null ? null : await findClient(km.store.db, named);
  if (named !== null && !client) {
    throw new OAuthError('invalid_request', 'no application with this client_id is registered here');
  }
  const asked = form.get('post_logout_redirect_uri');
  if (asked === null) return { client, hint, redirectUri: null };
  if (!client) {
    throw new OAuthError('invalid_request', 'post_logout_redirect_uri needs client_id, or an id_token_hint of ours');
  }
  // Byte for byte (section 3).
  if (!metadataOf(client).post_logout_redirect_uris?.includes(asked)) {
    throw new OAuthError(
      'invalid_request',
      'the post_logout_redirect_uri of this request is not registered for the application',
    );
  }
  const state = form.get('state');
  return { client, hint, redirectUri: state === null ? asked : withState(asked, state) };
}

/** The URI keeps what it has. */
function withState(uri: string, state: string): string {
  const [address = '', fragment] = uri.split(/(?=#)/, 2);
  const separator = !address.includes('?') ? '?' : /[?&]$/.test(address) ? '' : '&';
  return `${address}${separator}${new URLSearchParams({ state })}${fragment ?? ''}`;
}
