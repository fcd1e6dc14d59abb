/** What is true of an access token now (RFC 7662). */
import { type AccessTokenRow, findJwt, findOpaque } from '../../adapters/stores/access-tokens.ts';
import type { ClientRow } from '../../adapters/stores/clients.ts';
import type { StoreHead } from '../../adapters/stores/store.ts';
import type { KeyType } from '../../core/application.ts';
import { gatewayAudience } from '../../core/token.ts';
import { type KeyManager, seconds } from '../call.ts';
import type { Actor } from '../formats/format.ts';
import { type Confirmation, cnf, readConfirmation, tokenType } from './confirmation.ts';
import { tokenHash } from './token-hash.ts';

export interface Introspection {
  readonly active: true;
  readonly client_id: string;
  /** `name@tenant`, in both. */
  readonly username: string;
  readonly sub: string;
  readonly scope: string;
  readonly token_type: 'Bearer' | 'DPoP';
  readonly iss: string;
  readonly aud: string;
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
  /** Of a JWT. */
  readonly jti?: string;
  /** The keys that its bearer has to prove. */
  readonly cnf?: Confirmation;
  /** Whether the application itself has the token, or a user. */
  readonly aut: AccessTokenRow['user_type'];
  readonly consumerKey: string;
  readonly keytype: KeyType;
  /** Who acts for the subject (RFC 8693 section 4.1). */
  readonly act?: Actor;
}

/**
 * Null when the token is unknown, expired, revoked, or no access token.
 * @param began where the store stood when the request came. Default: it is asked
 */
export async function introspect(km: KeyManager, token: string, began?: StoreHead): Promise<Introspection | null> {
  return (await findToken(km, token, began))?.found ?? null;
}

/** As `introspect`, with the token's row. */
export async function findToken(
  km: KeyManager,
  token: string,
  began?: StoreHead,
): Promise<{ readonly found: Introspection; readonly row: AccessTokenRow } | null> {
  const head = began ?? (await km.store.head());
  const row = await unrevokedRow(km, token, head);
  if (!row || isOver(row, km)) return null;
  const client = await km.clients.find(row.consumer_key, head.version);
  return client?.state === 'ACTIVE' ? { found: describe(row, client), row } : null;
}

/** Whether nothing is wrong with an access token but its age. Known until its row is removed. */
export async function hasExpired(km: KeyManager, token: string, began: StoreHead): Promise<boolean> {
  const row = await unrevokedRow(km, token, began);
  return row !== null && isOver(row, km);
}

async function unrevokedRow(km: KeyManager, token: string, head: StoreHead): Promise<AccessTokenRow | null> {
  const row = token.includes('.') ? await verifiedRow(km, token, head) : await opaqueRow(km, tokenHash(token), head);
  return row && row.state !== 'REVOKED' ? row : null;
}

const opaqueRow = (km: KeyManager, hash: string, { number }: StoreHead): Promise<AccessTokenRow | null> =>
  km.tokenRows.get(hash, number, () => findOpaque(km.store.db, hash));

const isOver = (row: AccessTokenRow, km: KeyManager): boolean => row.expires_at <= seconds(km.clock);

async function verifiedRow(km: KeyManager, token: string, head: StoreHead): Promise<AccessTokenRow | null> {
  const claims = await km.keys.verify(token, head.version);
  const { jti } = claims ?? {};
  if (!claims || !jti) return null;
  const row = await km.tokenRows.get(jti, head.number, () => findJwt(km.store.db, jti));
  return row && row.issuer === claims.iss ? row : null;
}

const describe = (
  row: AccessTokenRow,
  client: ClientRow,
  bound = readConfirmation(row.confirmation),
): Introspection => ({
  active: true,
  client_id: row.consumer_key,
  username: row.subject,
  sub: row.subject,
  scope: row.scope,
  token_type: tokenType(bound),
  iss: row.issuer,
  aud: gatewayAudience,
  iat: row.issued_at,
  nbf: row.issued_at,
  exp: row.expires_at,
  ...(row.form === 'JWT' ? { jti: row.id } : {}),
  ...cnf(bound),
  aut: row.user_type,
  consumerKey: row.consumer_key,
  keytype: client.key_type,
  ...(row.act === null ? {} : { act: JSON.parse(row.act) as Actor }),
});
