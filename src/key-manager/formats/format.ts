/** What a form of access token has to do. */
import type { AccessTokenRow, HandedOut } from '../../adapters/stores/access-tokens.ts';
import type { ClientRow } from '../../adapters/stores/clients.ts';
import type { Queryable, StoreTransaction } from '../../adapters/stores/store.ts';
import type { TokenType } from '../../core/application.ts';
import type { KeyManager } from '../call.ts';
import type { LogIn } from '../log-in/log-in.ts';
import { type Confirmation, writeConfirmation } from '../tokens/confirmation.ts';

/** Who acts for the subject of a token, and for whom he did before (RFC 8693 section 4.1). */
export interface Actor {
  readonly sub: string;
  /** The client, where it acts for itself. */
  readonly client_id?: string;
  readonly act?: Actor;
}

/** The access token that a grant decided to give. */
export interface TokenPlan {
  readonly client: ClientRow;
  /** `name@tenant`. */
  readonly subject: string;
  readonly userType: AccessTokenRow['user_type'];
  readonly grantType: string;
  /** As `writeScope` writes it. */
  readonly scope: string;
  /** What was asked for by name: where an option says so, all of it is given or nothing. */
  readonly asked: readonly string[];
  /** `StoreHead.revokedAll` when the request began. */
  readonly beganAt: number;
  /** `StoreHead.number` not before the request began: what was remembered at it is still true. Absent = nothing is. */
  readonly storeAt?: number;
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** To which the tokens belong; absent = that of the refresh token, if there is one. */
  readonly family?: string;
  /** Which keys its bearer has to prove. */
  readonly confirmation: Confirmation;
  /** Nothing that comes of the grant lives longer, whatever the options say; absent = as they say. */
  readonly notAfter?: number;
  /** In a browser here, from which it comes. */
  readonly logIn?: LogIn;
  /** Who acts for the subject (RFC 8693 section 4.1). */
  readonly act?: Actor;
  /** It is like no other token of the same client, user and scope: never handed out again, and no other instead of it. */
  readonly apart?: true;
}

export interface AccessToken {
  readonly value: string;
  readonly expiresAt: number;
}

export interface PreparedToken {
  /** The row by which the token is written, and the token, where nothing stands in its way and no refresh token is with it. */
  readonly row: AccessTokenRow;
  readonly access: AccessToken;
  /**
   * Writes the token, whatever is there already, handed out with a refresh token of this family. Where the format hands out a live token again, that one, unless
   * it has to be a `fresh` one.
   */
  write(tx: StoreTransaction, family: string | null, options?: { fresh: boolean }): Promise<AccessToken>;
  /** To be called once it is committed: a token that is handed out again need not be looked for then. */
  committed?(): void;
}

export interface TokenFormat {
  readonly form: TokenType;
  /** The row that stands for the token handed out at present for such a plan, if the format hands out again. */
  current(db: Queryable, plan: TokenPlan): Promise<HandedOut | null>;
  /** As `current`, or as it is remembered. */
  live(km: KeyManager, plan: TokenPlan): Promise<HandedOut | null>;
  /** The token of a row that `current` gave. */
  derive(km: KeyManager, row: HandedOut): AccessToken;
  /** Does what takes long (a signature), before a transaction begins. */
  prepare(km: KeyManager, plan: TokenPlan): Promise<PreparedToken>;
}

/** The columns that do not depend on the format. */
export function rowOf(km: KeyManager, plan: TokenPlan) {
  return {
    tenant: plan.client.tenant,
    issuer: km.options.issuer,
    consumer_key: plan.client.consumer_key,
    subject: plan.subject,
    user_type: plan.userType,
    grant_type: plan.grantType,
    scope: plan.scope,
    issued_at: plan.issuedAt,
    expires_at: plan.expiresAt,
    confirmation: writeConfirmation(plan.confirmation),
    state: 'ACTIVE',
    act: plan.act === undefined ? null : JSON.stringify(plan.act),
    claims: plan.logIn?.userinfo === undefined ? null : JSON.stringify(plan.logIn.userinfo),
  } as const;
}
