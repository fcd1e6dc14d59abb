/** The clients of the built-in key manager: made here, for applications and for clients that register themselves. */
import { hash as oneShotHash, randomInt, timingSafeEqual } from 'node:crypto';
import type { KeyType, TokenType } from '../../core/application.ts';
import { defaultTenant } from '../../core/tenant.ts';
import type { Seal } from '../../platform/seal.ts';
import { type ClientRow, type ClientValidity, createClient, updateClient } from '../stores/clients.ts';
import type { StoreTransaction } from '../stores/store.ts';

/** Every grant type that a client may be registered for; those that the token endpoint serves are among them. */
export const grantTypes = [
  'client_credentials',
  'password',
  'refresh_token',
  'authorization_code',
  'implicit',
  'iwa:ntlm',
  'urn:ietf:params:oauth:grant-type:saml2-bearer',
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
  'urn:ietf:params:oauth:grant-type:device_code',
  'urn:ietf:params:oauth:grant-type:token-exchange',
] as const;

export interface ClientRegistration {
  /** The application whose key it is; null = an OAuth client by itself. */
  readonly applicationId: string | null;
  readonly name: string;
  /** `name@tenant`. */
  readonly owner: string;
  readonly tenant?: string;
  /** Default PRODUCTION. */
  readonly keyType?: KeyType;
  /** Default JWT. */
  readonly tokenType?: TokenType;
  readonly grantTypes: readonly string[];
  readonly callbackUrl?: string;
  /** Default: as the options say. */
  readonly validity?: ClientValidity;
  /** As in the column `clients.metadata`. Default: nothing. */
  readonly metadata?: string;
  /** Default false. */
  readonly saasApp?: boolean;
  /** Keep only the secret's hash, so that it is shown this once (option `tokens.hashClientSecrets`). */
  readonly hashClientSecrets: boolean;
  /** Seconds since the epoch. */
  readonly now: number;
  /** Key and secret that were made elsewhere, by an import. Default: new ones. */
  readonly given?: ConsumerKey;
}

export interface ConsumerKey {
  readonly consumerKey: string;
  readonly consumerSecret: string;
}

/** Makes a consumer key and secret, or takes those that are given. Gateways learn of a key of an application. */
export async function registerClient(
  tx: StoreTransaction,
  seal: Seal,
  registration: ClientRegistration,
): Promise<ConsumerKey> {
  const { consumerKey, consumerSecret } = registration.given ?? {
    consumerKey: randomText(),
    consumerSecret: randomText(),
  };
  await createClient(tx, {
    consumer_key: consumerKey,
    tenant: registration.tenant ?? defaultTenant,
    application_id: registration.applicationId,
    key_type: registration.keyType ?? 'PRODUCTION',
    name: registration.name,
    owner: registration.owner,
    token_type: registration.tokenType ?? 'JWT',
    grant_types: registration.grantTypes.join(' '),
    callback_url: registration.callbackUrl ?? '',
    saas_app: registration.saasApp ? 1 : 0,
    state: 'ACTIVE',
    created_at: registration.now,
    ...registration.validity,
    ...(registration.metadata !== undefined && { metadata: registration.metadata }),
    ...keep(seal, consumerKey, consumerSecret, registration.hashClientSecrets),
  });
  return { consumerKey, consumerSecret };
}

/** Gives a client a new secret; the old one is worth nothing from the commit on. Null when there is no such client. */
export async function regenerateSecret(
  tx: StoreTransaction,
  seal: Seal,
  consumerKey: string,
  { hashClientSecrets }: { hashClientSecrets: boolean },
): Promise<ConsumerKey | null> {
  const consumerSecret = randomText();
  const changed = await updateClient(tx, consumerKey, keep(seal, consumerKey, consumerSecret, hashClientSecrets));
  return changed ? { consumerKey, consumerSecret } : null;
}

/** The secret, to be shown again; null when only its hash is kept. */
export function revealSecret(seal: Seal, client: ClientRow): string | null {
  return client.secret_sealed === null ? null : seal.open(client.secret_sealed, purpose, client.consumer_key);
}

/** Whether this is the client's secret, in a time that tells nothing of it. */
export function verifySecret(seal: Seal, client: ClientRow, secret: string): boolean {
  const kept = client.secret_hash ?? hashOfSealed(seal, client);
  return timingSafeEqual(Buffer.from(hash(secret)), Buffer.from(kept));
}

/** Opening a secret takes longer than comparing it, and rows are remembered. */
function hashOfSealed(seal: Seal, client: ClientRow): string {
  const known = hashes.get(client);
  if (known !== undefined) return known;
  const made = hash(revealSecret(seal, client) as string);
  hashes.set(client, made);
  return made;
}

const hashes = new WeakMap<ClientRow, string>();

const purpose = 'client-secret';

function keep(seal: Seal, consumerKey: string, secret: string, hashed: boolean) {
  return hashed
    ? { secret_sealed: null, secret_hash: hash(secret) }
    : { secret_sealed: seal.seal(secret, purpose, consumerKey), secret_hash: null };
}

// A plain hash suffices: the secret is 166 random bits, there is nothing to guess.
const hash = (secret: string): string => oneShotHash('sha256', secret, 'base64url');

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** 28 letters and digits: the form that clients of WSO2 API Manager know. */
function randomText(): string {
  return Array.from({ length: 28 }, () => letters[randomInt(letters.length)]).join('');
}
