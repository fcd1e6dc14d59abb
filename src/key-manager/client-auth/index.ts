/** The ways in which a client can prove who it is. */
import type { Call } from '../call.ts';
import { basic } from './basic.ts';
import { post } from './post.ts';

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

export const clientAuthentications: readonly ClientAuthentication[] = [basic, post];
