/** Tables of what OAuth clients show once: proofs that they have a key, and requests that they pushed. */

export interface ProofTables {
  /** A proof that was shown, until it is over anyway: it works once. */
  used_proofs: {
    kind: 'client-assertion' | 'dpop';
    /** base64url SHA-256 of whose it is and of its `jti`. */
    proof_hash: string;
    expires_at: number;
  };
  /** Requests for authorization that a client has sent itself (RFC 9126). */
  pushed_requests: {
    /** base64url SHA-256 of the `request_uri`. */
    id_hash: string;
    consumer_key: string;
    /** As `application/x-www-form-urlencoded`. */
    parameters: string;
    expires_at: number;
    state: 'ACTIVE' | 'USED';
  };
}
