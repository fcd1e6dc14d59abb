/** How a user showed who he is when he let a client act for him: what id tokens say of it. */
import type { SessionRow } from '../adapters/stores/sessions.ts';

export interface LogIn {
  /** `sid`. */
  readonly session: string;
  /** Seconds since the epoch. */
  readonly authenticatedAt: number;
  /** RFC 8176. */
  readonly methods: readonly string[];
  /** Of the request for authorization, to be said again in the id token. */
  readonly nonce: string | null;
}

/** That of a session. @param nonce of the request for authorization */
export const logInOf = (session: SessionRow, nonce: string | null): LogIn => ({
  session: session.id,
  authenticatedAt: session.authenticated_at,
  methods: session.methods.split(' '),
  nonce,
});

/** As it stands in rows. */
export const writeLogIn = (logIn: LogIn): string => JSON.stringify(logIn);

export const readLogIn = (text: string): LogIn => JSON.parse(text) as LogIn;
