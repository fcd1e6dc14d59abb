/** Refresh tokens: derived under the store key like opaque access tokens, used once. */
import { randomBytes } from 'node:crypto';
import type { ClientRow } from '../../adapters/stores/clients.ts';
import { rememberFederatedUser } from '../../adapters/stores/federated-users.ts';
import { insertRefreshToken, type RefreshTokenRow } from '../../adapters/stores/refresh-tokens.ts';
import type { StoreTransaction } from '../../adapters/stores/store.ts';
import { isFederated } from '../../core/identity-provider.ts';
import type { Seal } from '../../platform/seal.ts';
import type { IssuerOptions } from '../call.ts';
import { isPublic } from '../clients/client-metadata.ts';
import { type LogIn, writeLogIn } from '../log-in/log-in.ts';
import { type Confirmation, writeConfirmation } from './confirmation.ts';
import { expiresAt } from './times.ts';
import { tokenHash } from './token-hash.ts';
import { newTokenId } from './token-id.ts';

export interface NewRefreshToken {
  /** Default: a new one. */
  readonly id?: string;
  /** Absent: it begins a family. */
  readonly family?: string;
  readonly client: Pick<ClientRow, 'consumer_key' | 'tenant' | 'refresh_validity' | 'metadata'>;
  readonly confirmation: Confirmation;
  readonly subject: string;
  /** As granted; a refresh with less keeps it. */
  readonly scope: string;
  readonly issuedAt: number;
  /** With which its family begins, or began. */
  readonly grantType: string;
  readonly logIn?: LogIn;
  /** As in `TokenPlan`. */
  readonly notAfter?: number;
}

export async function createRefreshToken(
  tx: StoreTransaction,
  km: { readonly seal: Seal; readonly options: Pick<IssuerOptions, 'refreshTokenValidity'> },
  token: NewRefreshToken,
): Promise<RefreshTokenRow> {
  const id = token.id ?? newTokenId();
  const nonce = randomBytes(16).toString('base64url');
  const row: RefreshTokenRow = {
    id,
    family: token.family ?? id,
    tenant: token.client.tenant,
    consumer_key: token.client.consumer_key,
    subject: token.subject,
    scope: token.scope,
    token_hash: tokenHash(refreshTokenOf(km.seal, { id, nonce })),
    nonce,
    issued_at: token.issuedAt,
    expires_at: expiresAt(
      token.issuedAt,
      token.client.refresh_validity ?? km.options.refreshTokenValidity,
      token.notAfter,
    ),
    state: 'ACTIVE',
    used_at_ms: null,
    successor_id: null,
    // What authenticates itself needs no other proof that a refresh token is its own (RFC 9449 section 5).
    confirmation: isPublic(token.client) ? writeConfirmation(token.confirmation) : '',
    log_in: token.logIn ? writeLogIn(token.logIn) : null,
    not_after: token.notAfter ?? null,
    grant_type: token.grantType,
  };
  await insertRefreshToken(tx, row);
  // His roles are asked for at each refresh.
  if (isFederated(row.subject)) await rememberFederatedUser(tx, row.subject, row.expires_at);
  return row;
}

export function refreshTokenOf(seal: Seal, { id, nonce }: Pick<RefreshTokenRow, 'id' | 'nonce'>): string {
  return seal.derive('refresh-token', id, nonce);
}
