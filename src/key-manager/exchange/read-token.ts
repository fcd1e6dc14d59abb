/** Tokens of ours that somebody brings to have them exchanged (RFC 8693 section 3). */
import { findJwt, findOpaque } from '../../adapters/stores/access-tokens.ts';
import { consentOf } from '../../adapters/stores/consents.ts';
import { revokedUpTo } from '../../adapters/stores/revocations.ts';
import type { StoreTransaction } from '../../adapters/stores/store.ts';
import { type KeyManager, seconds } from '../call.ts';
import type { Actor } from '../formats/format.ts';
import { introspect } from '../introspection.ts';
import { tokenHash } from '../token-hash.ts';

const prefix = 'urn:ietf:params:oauth:token-type:';

export const tokenTypes = {
  access: `${prefix}access_token`,
  jwt: `${prefix}jwt`,
  id: `${prefix}id_token`,
} as const;

/** What is true of such a token. */
export interface BroughtToken {
  /** `name@tenant`. */
  readonly subject: string;
  /** To whom it was issued. */
  readonly client: string;
  /** Whether a user has it, or an application itself. */
  readonly ofUser: boolean;
  /** The most that can be asked for with it. */
  readonly scopes: readonly string[];
  readonly expiresAt: number;
  readonly act?: Actor;
  /** The row of an access token; null = an id token. */
  readonly accessId: string | null;
  /** Whether it is still good, in the transaction that issues for it. */
  lives(tx: StoreTransaction): Promise<boolean>;
}

/** Null when it is none of ours, of another type, or dead. */
export async function readToken(km: KeyManager, type: string, token: string): Promise<BroughtToken | null> {
  if (type === tokenTypes.id) return readIdToken(km, token);
  if (type === tokenTypes.access || (type === tokenTypes.jwt && token.includes('.'))) return readAccessToken(km, token);
  return null;
}

async function readAccessToken(km: KeyManager, token: string): Promise<BroughtToken | null> {
  const found = await introspect(km, token);
  if (!found) return null;
  const id = found.jti ?? (await findOpaque(km.store.db, tokenHash(token)))?.id;
  if (id === undefined) return null;
  return {
    subject: found.sub,
    client: found.client_id,
    ofUser: found.aut === 'APPLICATION_USER',
    scopes: found.scope.split(' '),
    expiresAt: found.exp,
    ...(found.act && { act: found.act }),
    accessId: id,
    async lives({ db }) {
      const row = found.jti === undefined ? await findOpaque(db, tokenHash(token)) : await findJwt(db, id);
      return row !== null && row.state !== 'REVOKED';
    },
  };
}

/** It ends with the session that it tells of, and gives what the user has agreed to give its client. */
async function readIdToken(km: KeyManager, token: string): Promise<BroughtToken | null> {
  const claims = await km.keys.verify(token);
  const { iss, aud, sub, exp = 0, iat = 0, sid } = claims ?? {};
  if (iss !== km.options.issuer || typeof aud !== 'string' || !sub || typeof sid !== 'string') return null;
  if (exp <= seconds(km.clock) || iat <= (await revokedUpTo(km.store.db, iss, { subject: sub, client: aud })))
    return null;
  const lives = async (db: StoreTransaction['db'] | KeyManager['store']['db']) => {
    const row = await db.selectFrom('sessions').select('subject').where('id', '=', sid).executeTakeFirst();
    return row?.subject === sub;
  };
  if (!(await lives(km.store.db))) return null;
  return {
    subject: sub,
    client: aud,
    ofUser: true,
    scopes: (await consentOf(km.store.db, sub, aud)) ?? [],
    expiresAt: exp,
    accessId: null,
    lives: ({ db }) => lives(db),
  };
}
