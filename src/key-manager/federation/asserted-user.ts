/** The user for whom an identity provider speaks. */
import { putFederatedUser } from '../../adapters/stores/federated-users.ts';
import { findIdentityProvider } from '../../adapters/stores/identity-providers.ts';
import type { StoreTransaction } from '../../adapters/stores/store.ts';
import { federatedSubject, type IdentityProvider } from '../../core/identity-provider.ts';
import type { KeyManager } from '../call.ts';

export interface AssertedUser {
  readonly subject: string;
  readonly roles: readonly string[];
  readonly isLocal: boolean;
}

interface Asserted {
  readonly name: string;
  readonly roles: readonly string[];
}

/** Who has an account has its roles; for anybody else the provider's word counts, as far as it is mapped. */
export async function assertedUser(
  km: KeyManager,
  provider: IdentityProvider,
  { name, roles }: Asserted,
): Promise<AssertedUser> {
  const local = provider.localAccounts ? await km.users.find(name) : null;
  if (local && local.tenant === provider.tenant) return { subject: local.fullName, roles: local.roles, isLocal: true };
  return { subject: federatedSubject(provider.name, name, provider.tenant), roles, isLocal: false };
}

/** Whether the provider is still the one against which its word was checked. */
export async function isUnchanged(tx: StoreTransaction, provider: IdentityProvider): Promise<boolean> {
  return JSON.stringify(await findIdentityProvider(tx.db, provider.id)) === JSON.stringify(provider);
}

/** What is to be known of a user without an account. `expiresAt`: as in `FederatedUser` */
export async function rememberUser(
  tx: StoreTransaction,
  { id: providerId, tenant }: IdentityProvider,
  { subject, roles, isLocal }: AssertedUser,
  said: { readonly name: string; readonly claims: Readonly<Record<string, string>>; readonly expiresAt: number },
): Promise<void> {
  if (!isLocal) await putFederatedUser(tx, { ...said, subject, roles, providerId, tenant });
}
