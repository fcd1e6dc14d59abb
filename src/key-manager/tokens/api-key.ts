/** API keys (`docs/tokens.md`): JWTs of an issuer of their own, worth nothing where access tokens are taken. */
import { randomUUID } from 'node:crypto';
import type { ApiKeyRow } from '../../adapters/stores/api-keys.ts';
import { findApplication } from '../../adapters/stores/applications.ts';
import type { KeyType } from '../../core/application.ts';
import { never } from '../../core/revocation.ts';
import { type ApiKeyClaims, apiKeyAudience, apiKeyType } from '../../core/token.ts';
import { type KeyManager, seconds } from '../call.ts';
import { applicationClaims } from './claims.ts';

/** `iss` of API keys: beside that of access tokens, and as lasting. */
export const apiKeyIssuer = ({ issuer }: { issuer: string }): string => new URL('/api-keys', issuer).href;

export interface ApiKeyRequest {
  readonly applicationId: string;
  readonly keyType: KeyType;
  /** Who makes it: `name@tenant`. */
  readonly subject: string;
  /** Seconds; null = for ever. */
  readonly validity: number | null;
  /** Addresses and ranges, separated by commas. */
  readonly permittedIP?: string;
  /** Patterns of the Referer header, separated by commas. */
  readonly permittedReferer?: string;
}

export interface SignedApiKey {
  readonly value: string;
  /** To be written before the key is handed out. */
  readonly row: ApiKeyRow;
}

/** Null when there is no such application. */
export async function signApiKey(km: KeyManager, request: ApiKeyRequest): Promise<SignedApiKey | null> {
  const { applicationId, keyType, subject, validity, permittedIP, permittedReferer } = request;
  const application = await findApplication(km.store.db, applicationId);
  if (!application) return null;
  const now = seconds(km.clock);
  const expires = validity === null ? never : Math.min(now + validity, never);
  const claims: ApiKeyClaims = {
    iss: apiKeyIssuer(km.options),
    aud: apiKeyAudience,
    token_type: 'apiKey',
    sub: subject,
    keytype: keyType,
    ...(await applicationClaims(km.store.db, application)),
    iat: now,
    jti: randomUUID(),
    ...(expires < never && { exp: expires }),
    ...(permittedIP !== undefined && { permittedIP }),
    ...(permittedReferer !== undefined && { permittedReferer }),
  };
  return {
    value: await km.keys.sign({ ...claims }, apiKeyType),
    row: {
      jti: claims.jti,
      issuer: claims.iss,
      application_id: applicationId,
      key_type: keyType,
      created_by: subject,
      created_at: now,
      expires_at: expires,
      state: 'ACTIVE',
    },
  };
}

/** The `jti` of an API key that we signed, dead or alive; null when it is none. */
export async function readApiKey(km: KeyManager, text: string): Promise<string | null> {
  const claims = await km.keys.verify(text);
  return claims?.aud === apiKeyAudience && typeof claims.jti === 'string' ? claims.jti : null;
}
