/** What a method of client authentication is. */
import type { Call } from '../call.ts';

export interface ClientCredentials {
  /** Name of the method in server metadata (RFC 8414). */
  readonly method: string;
  readonly id: string;
  /** Readings of the secret, any of which may be the right one. */
  readonly secrets: readonly string[];
}

export interface ClientAuthentication {
  readonly method: string;
  /** What the request shows by this method; null = it doesn't use the method. */
  read(call: Pick<Call, 'request' | 'form'>): ClientCredentials | null;
}
