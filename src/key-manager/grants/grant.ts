/** What a grant is. */
import type { ClientRow } from '../../adapters/stores/clients.ts';
import type { LogInSource } from '../../adapters/user-stores/user-store.ts';
import type { KeyManager } from '../call.ts';
import type { Form } from '../form.ts';
import type { Confirmation } from '../tokens/confirmation.ts';
import type { Issued } from '../tokens/issue.ts';

export interface GrantRequest {
  /** Has only the grant's own parameters. */
  readonly form: Form;
  /** Authenticated, active, and allowed to use the grant. */
  readonly client: ClientRow;
  /** Who sends the user's password, if the grant takes one. */
  readonly source: LogInSource;
  /** The keys that the request proves: what is issued is bound to them. */
  readonly confirmation: Confirmation;
  /** `StoreHead.revokedAll` when the request began, before anybody showed who he is. */
  readonly beganAt: number;
  /** `StoreHead.number` then. */
  readonly storeAt: number;
}

export interface Grant {
  /** Value of `grant_type`. */
  readonly grantType: string;
  /** Parameters that it reads. */
  readonly parameters: readonly string[];
  /** Decides and issues. Refuses by throwing an `OAuthError`. */
  handle(request: GrantRequest, km: KeyManager): Promise<Issued>;
}
