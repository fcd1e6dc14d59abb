/** POST /oauth2/register: a client registers itself (RFC 7591). */
import { randomBytes } from 'node:crypto';
import { registerClient } from '../../adapters/key-managers/built-in.ts';
import { type ClientRow, findClient, findRegisteredClient, updateClient } from '../../adapters/stores/clients.ts';
import type { StoreTransaction } from '../../adapters/stores/store.ts';
import { defaultTenant } from '../../core/tenant.ts';
import { type KeyManager, type Step, seconds } from '../call.ts';
import { authenticateRegistrar } from '../checks/authenticate-registrar.ts';
import { rejectRepeatedAuthorization } from '../checks/reject-repeated-authorization.ts';
import { rememberBeginning } from '../checks/remember-beginning.ts';
import { OAuthError } from '../oauth-error.ts';
import { describeClient } from '../registration/describe.ts';
import { type RegisteredMetadata, readMetadata } from '../registration/read-metadata.ts';
import { tokenHash } from '../tokens/token-hash.ts';
import { readJson } from './register-client.ts';

/** What a client of nobody may use: all else is done for its owner, or with a user's password. */
const openGrants = ['authorization_code', 'refresh_token'];

const create: Step = async ({ request, reply, user }, km) => {
  const metadata = readMetadata(km, readJson(request.body));
  if (!user && !metadata.grant_types.every((name) => openGrants.includes(name))) {
    throw new OAuthError('invalid_client_metadata', `grant_types: expected ${openGrants.join(', ')}, without a user`);
  }
  const registrationToken = randomBytes(32).toString('base64url');
  const created = await km.store.transaction((tx) =>
    insert(tx, km, { metadata, owner: user?.fullName ?? nobody, hash: tokenHash(registrationToken) }),
  );
  reply.code(201).send(describeClient(km, created.row, { secret: created.secret, registrationToken }));
};

/** No user has this name. */
const nobody = '';

export const register: readonly Step[] = [
  rejectRepeatedAuthorization,
  rememberBeginning,
  authenticateRegistrar,
  create,
];

interface New {
  readonly metadata: RegisteredMetadata;
  readonly owner: string;
  readonly hash: string;
}

async function insert(tx: StoreTransaction, km: KeyManager, { metadata, owner, hash }: New) {
  const { consumerKey, consumerSecret } = await registerClient(tx, km.seal, {
    applicationId: null,
    // A name is there once for each owner; the key is there once.
    name: randomBytes(16).toString('base64url'),
    owner,
    grantTypes: metadata.grant_types,
    hashClientSecrets: km.options.hashClientSecrets,
    now: seconds(km.clock),
  });
  await updateClient(tx, consumerKey, {
    name: await freeName(tx, owner, metadata, consumerKey),
    metadata: writeMetadata(metadata),
    registration_hash: hash,
  });
  return { row: (await findClient(tx.db, consumerKey)) as ClientRow, secret: consumerSecret };
}

/** What has no column of its own. */
export const writeMetadata = ({ grant_types: _, ...metadata }: RegisteredMetadata): string => JSON.stringify(metadata);

/** As users see it: what the client calls itself, and its key if another one of the owner has that name. */
export async function freeName(
  tx: StoreTransaction,
  owner: string,
  { client_name: name }: RegisteredMetadata,
  consumerKey: string,
): Promise<string> {
  if (name === undefined) return consumerKey;
  const present = await findRegisteredClient(tx.db, { tenant: defaultTenant, owner, name });
  return present && present.consumer_key !== consumerKey ? `${name} (${consumerKey})` : name;
}
