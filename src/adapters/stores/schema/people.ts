/** Tables about people: whom to tell that somebody logged out, and who may set a new password without the old one. */

export interface PeopleTables {
  /** A client that is to be told that a session ended (OpenID Connect Back-Channel Logout 1.0). */
  logout_notices: {
    id: string;
    consumer_key: string;
    /** `sid` of the session, which is gone. */
    session_id: string;
    subject: string;
    /** How often it was tried. */
    attempts: number;
    /** Milliseconds since the epoch; before that nobody tries (again). */
    next_at_ms: number;
  };
  /** A link that an administrator made, by which a user sets a password once. */
  password_links: {
    /** base64url SHA-256 of what stands in the link. */
    secret_hash: string;
    user_id: string;
    created_at: number;
    expires_at: number;
  };
}
