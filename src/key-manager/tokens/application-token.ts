/** An access token of an application itself, for whoever has authenticated as its owner: the developer portal. */
import { RestError } from '../../platform/rest-error.ts';
import { type KeyManager, seconds } from '../call.ts';
import { mayUse } from '../clients/clients.ts';
import { Form } from '../form.ts';
import { clientCredentials } from '../grants/client-credentials.ts';
import { OAuthError } from '../oauth-error.ts';
import { expiresIn } from './times.ts';

export interface ApplicationTokenRequest {
  readonly consumerKey: string;
  readonly scopes: readonly string[];
  /** Seconds; -1 = the default, -2 = for ever. */
  readonly validity: number;
}

export interface ApplicationToken {
  readonly value: string;
  readonly scopes: readonly string[];
  /** Seconds that are left of it. */
  readonly expiresIn: number;
}

/** @throws RestError 400 when the client is out of use, may not use `client_credentials`, or asks for what is not given. */
export async function applicationToken(km: KeyManager, request: ApplicationTokenRequest): Promise<ApplicationToken> {
  const { number: storeAt, revokedAll: beganAt, version } = await km.store.head();
  const client = await km.clients.find(request.consumerKey, version);
  if (client?.state !== 'ACTIVE') throw new RestError(400, 'The consumer key is not in use.');
  if (!mayUse(client, clientCredentials.grantType)) {
    throw new RestError(400, 'The consumer key may not use the grant type client_credentials.');
  }
  const form = new Form(
    new Map([
      ['scope', request.scopes.join(' ')],
      ['validity_period', String(request.validity)],
    ]),
  );
  const source = { kind: 'authenticated client', address: '', gone: () => false } as const;
  try {
    const { access, scope } = await clientCredentials.handle(
      { form, client, source, beganAt, storeAt, confirmation: {} },
      km,
    );
    return {
      value: access.value,
      scopes: scope.split(' '),
      expiresIn: expiresIn(access.expiresAt, seconds(km.clock), km.options),
    };
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    throw new RestError(error.status, error.message);
  }
}
