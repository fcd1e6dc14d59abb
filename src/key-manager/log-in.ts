/** How a user showed who he is when he let a client act for him: what id tokens say of it. */

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

/** As it stands in rows. */
export const writeLogIn = (logIn: LogIn): string => JSON.stringify(logIn);

export const readLogIn = (text: string): LogIn => JSON.parse(text) as LogIn;
