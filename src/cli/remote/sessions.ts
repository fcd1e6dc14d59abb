/** Who is logged in to an environment. Kept are the client and the tokens that the log-in gave, never the password. */
import { readKept, removeKept, writeKept } from './home.ts';

export interface Session {
  readonly user: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly accessToken: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly refreshToken: string | null;
}

export const readSession = (environment: string): Session | null => readKept<Session>('sessions', environment);
export const writeSession = (environment: string, session: Session): void =>
  writeKept('sessions', environment, session);
export const removeSession = (environment: string): void => removeKept('sessions', environment);
