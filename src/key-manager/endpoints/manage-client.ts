/** GET, PUT and DELETE /oauth2/register/:id: a client manages its registration (RFC 7592). */
import { timingSafeEqual } from 'node:crypto';
import { revealSecret, verifySecret } from '../../adapters/key-managers/built-in.ts';
import { type ClientRow, deleteClient, findClient, updateClient } from '../../adapters/stores/clients.ts';
import type { Call, KeyManager, Step } from '../call.ts';
import { mayRegister } from '../checks/authenticate-registrar.ts';
import { rejectRepeatedAuthorization } from '../checks/reject-repeated-authorization.ts';
import { OAuthError } from '../oauth-error.ts';
import { describeClient } from '../registration/describe.ts';
import { readMetadata } from '../registration/read-metadata.ts';
import { rolesOf } from '../tokens/roles.ts';
import { tokenHash } from '../tokens/token-hash.ts';
import { freeName, writeMetadata } from './register.ts';
import { readJson } from './register-client.ts';

/** Whoever shows the registration access token; all else is refused alike (section 2). */
const authenticateRegistered: Step = async (call, km) => {
  const token = tokenOf(call);
  const { id } = call.request.params as { id: string };
  const client = token === undefined ? null : await findClient(km.store.db, id);
  const kept = client?.registration_hash;
  const isGood = token !== undefined && !!kept && timingSafeEqual(Buffer.from(tokenHash(token)), Buffer.from(kept));
  if (!client || !isGood || client.state !== 'ACTIVE') {
    throw new OAuthError('invalid_token', 'expected the registration access token of the client', 401, {
      'www-authenticate': `Bearer realm="${new URL(km.options.publicUrl).hostname}", error="invalid_token"`,
    });
  }
  call.client = client;
};

const manage: Step = async (call, km) => {
  if (call.request.method === 'DELETE') return remove(call, km);
  if (call.request.method === 'PUT') call.client = await update(call, km);
  const secret = revealSecret(km.seal, call.client);
  call.reply.send(describeClient(km, call.client, { secret, registrationToken: tokenOf(call) as string }));
};

export const manageClient: readonly Step[] = [rejectRepeatedAuthorization, authenticateRegistered, manage];

const tokenOf = ({ request }: Call): string | undefined =>
  /^Bearer +([\w-]+) *$/i.exec(request.headers.authorization ?? '')?.[1];

/** What the key manager alone says (section 2.2). */
const ours = [
  'registration_access_token',
  'registration_client_uri',
  'client_secret_expires_at',
  'client_id_issued_at',
];

async function update({ request, client }: Call, km: KeyManager): Promise<ClientRow> {
  const body = readJson(request.body);
  const found = ours.find((name) => body[name] !== undefined);
  if (found !== undefined) throw new OAuthError('invalid_request', `${found}: expected to be left out`);
  const { client_id, client_secret } = body;
  if (client_id !== client.consumer_key)
    throw new OAuthError('invalid_request', 'client_id: expected that of the client');
  if (
    client_secret !== undefined &&
    !(typeof client_secret === 'string' && verifySecret(km.seal, client, client_secret))
  ) {
    throw new OAuthError('invalid_request', 'client_secret: expected that of the client, or none');
  }
  const metadata = readMetadata(km, body);
  const isMore = metadata.grant_types.some((name) => !client.grant_types.split(' ').includes(name));
  if (isMore && !mayRegister((await rolesOf(km, client.owner)) ?? [])) {
    throw new OAuthError(
      'invalid_client_metadata',
      'grant_types: expected no more than before, without a user who may register clients',
    );
  }
  return km.store.transaction(async (tx) => {
    const change = {
      name: await freeName(tx, client.owner, metadata, client.consumer_key),
      grant_types: metadata.grant_types.join(' '),
      callback_url: '',
      metadata: writeMetadata(metadata),
    };
    if (!(await updateClient(tx, client.consumer_key, change))) throw new Error('the client is gone');
    return (await findClient(tx.db, client.consumer_key)) as ClientRow;
  });
}

async function remove({ client, reply }: Call, km: KeyManager): Promise<void> {
  await km.store.transaction(async (tx) => {
    await km.revoker.revokeClient(client.consumer_key, tx);
    await deleteClient(tx, client.consumer_key);
  });
  reply.code(204).send();
}
