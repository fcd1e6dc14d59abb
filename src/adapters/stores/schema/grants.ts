/** Tables of grants that need a memory: codes of devices, and what was exchanged. */

export interface GrantTables {
  /** A device that waits for somebody to let it in (RFC 8628). */
  device_codes: {
    /** Also the family of the tokens that it is exchanged for. */
    id: string;
    /** base64url SHA-256 of what the device has. */
    device_hash: string;
    /** The same of what its user types. */
    user_hash: string;
    consumer_key: string;
    /** As asked for, as `writeScope` writes it. */
    scope: string;
    state: 'PENDING' | 'APPROVED' | 'DENIED' | 'USED';
    /** Who let it in, his `LogIn` as JSON, and the newest change when he did; null until then. */
    subject: string | null;
    log_in: string | null;
    began_at: number | null;
    /** Seconds that the device has to wait between two questions, and when it last asked. */
    interval_seconds: number;
    polled_at_ms: number;
    expires_at: number;
  };
  /** Wrong codes of devices that a user has typed, within the time that is counted together. */
  device_guesses: { subject: string; wrong: number; until: number };
  /** Which families of tokens rest on an access token that was exchanged (RFC 8693): they die with it. */
  exchanged_tokens: { access_id: string; family: string };
}
