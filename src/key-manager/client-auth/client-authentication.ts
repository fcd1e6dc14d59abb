/** What a method of client authentication is. */
import type { ClientRow } from '../../adapters/stores/clients.ts';
import type { Call, KeyManager } from '../call.ts';

/** What a request shows of a client. */
export interface ClientCredentials {
  /** Name of the method in server metadata (RFC 8414). */
  readonly method: string;
  /** Of the client that it says it is. */
  readonly id: string;
  /** Whether that proves it. */
  verify(client: ClientRow, km: KeyManager): boolean | Promise<boolean>;
}

export interface ClientAuthentication {
  readonly method: string;
  /** What the request shows by this method; null = it doesn't use the method. */
  read(call: Pick<Call, 'request' | 'form'>): ClientCredentials | null;
}
