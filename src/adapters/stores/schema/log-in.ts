/** Tables of browsers that log in: sessions, authorization codes, consents. */

export interface LogInTables {
  /** A browser in which somebody has logged in. */
  sessions: {
    /** `sid` of id tokens. */
    id: string;
    /** base64url SHA-256 of what the browser's cookie says. */
    secret_hash: string;
    tenant: string;
    /** `name@tenant`. */
    subject: string;
    /** How he showed who he is, space-separated (RFC 8176): `pwd`. */
    methods: string;
    /** When he last showed it, 0 = not known: longer ago than anybody wants. `created_at` is when he first came. */
    authenticated_at: number;
    created_at: number;
    expires_at: number;
    /** From where, and with what, for its owner to recognise it. */
    address: string;
    user_agent: string;
    /** The identity provider on whose word it rests; null = on none. */
    provider_id: string | null;
  };
  session_families: { session_id: string; consumer_key: string; family: string };
  authorization_codes: {
    /** Also the family of the tokens that it is exchanged for. */
    id: string;
    code_hash: string;
    consumer_key: string;
    subject: string;
    /** What was granted, as `writeScope` writes it. */
    scope: string;
    /** As the request named it; null = it named none, and the only one that is registered was used. */
    redirect_uri: string | null;
    code_challenge: string | null;
    code_challenge_method: 'S256' | 'plain' | null;
    /** JSON of a `LogIn`. */
    log_in: string;
    began_at: number;
    issued_at: number;
    expires_at: number;
    /** DEAD: it was presented in a way that its owner would not have. */
    state: 'ACTIVE' | 'USED' | 'DEAD';
    /** Thumbprint of the key that whoever exchanges it has to prove (RFC 9449 section 10); null = of none. */
    dpop_jkt: string | null;
  };
  /** What a user has agreed to give a client. */
  consents: { subject: string; consumer_key: string; scope: string; granted_at: number };
}
