/** How a gateway shows a key manager who it is, besides its certificate. */

export interface Credentials {
  /**
   * The value of the Authorization field; null = none is sent.
   * @param rejected the value that was refused with 401; another is worth a second attempt
   * @throws Error without any secret, if there are no credentials to be had
   */
  authorization(rejected: string | null): Promise<string | null>;
}

/** The client certificate is all. */
export const noCredentials: Credentials = { authorization: async () => null };

/** HTTP Basic (RFC 7617). */
export function basicCredentials({ username, password }: { username: string; password: string }): Credentials {
  const value = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return { authorization: async () => value };
}

/** An access token (RFC 6750), asked for when there is none that is still good. */
export function bearerCredentials(tokens: AccessTokens): Credentials {
  return {
    async authorization(rejected) {
      const { value } = await tokens.get(rejected?.replace(/^Bearer /, '') ?? null);
      return `Bearer ${value}`;
    },
  };
}

export interface AccessToken {
  readonly value: string;
  /** Milliseconds since the epoch from which on it is not to be used; null = not known. */
  readonly expires: number | null;
}

export interface AccessTokens {
  /** One that is good and isn't `rejected`. @throws Error without any secret */
  get(rejected: string | null): Promise<AccessToken>;
}
