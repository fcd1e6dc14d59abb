/** Tokens of ours that somebody brings to have them exchanged (RFC 8693 section 3). */
import { findJwt, findOpaque } from '../../adapters/stores/access-tokens.ts';
import { consentOf } from '../../adapters/stores/consents.ts';
import { revokedUpTo } from '../../adapters/stores/revocations.ts';
import type { StoreTransaction } from '../../adapters/stores/store.ts';
import { type KeyManager, seconds } from '../call.ts';
import type { Actor } from '../formats/format.ts';
import { readHint } from '../log-in/id-token-hint.ts';
import type { Confirmation } from '../tokens/confirmation.ts';
import { introspect } from '../tokens/introspection.ts';
import { tokenHash } from '../tokens/token-hash.ts';

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
  /** The keys of which its bearer has to prove one. */
  readonly confirmation: Confirmation;
  /** The row of an access token; null = an id token. */
  readonly accessId: string | null;
  /** The session that an id token tells of; null = an access token. */
  readonly session: string | null;
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
    confirmation: found.cnf ?? {},
    accessId: id,
    session: null,
    async lives({ db }) {
      const row = found.jti === undefined ? await findOpaque(db, tokenHash(token)) : await findJwt(db, id);
      return row !== null && row.state !== 'REVOKED';
    },
  };
}

/** It ends with the session that it tells of, and gives what the user has agreed to give its client. */
async function readIdToken(km: KeyManager, token: string): Promise<BroughtToken | null> {
  const said = await readHint(token, km);
  if (!said || said.expires <= seconds(km.clock)) return null;
  const { client, subject, session } = said;
  if (said.issuedAt <= (await revokedUpTo(km.store.db, km.options.issuer, { subject, client }))) return null;
  const lives = async (db: StoreTransaction['db'] | KeyManager['store']['db']) => {
    const row = await db.selectFrom('sessions').select('subject').where('id', '=', session).executeTakeFirst();
    return row?.subject === subject;
  };
  if (!(await lives(km.store.db))) return null;
  return {
    subject,
    client,
    ofUser: true,
    scopes: (await consentOf(km.store.db, subject, client)) ?? [],
    expiresAt: said.expires,
    confirmation: {},
    accessId: null,
    session,
    lives: ({ db }) => lives(db),
  };
}
