/** What is taken as a DPoP proof (RFC 9449), at the key manager as at gateways. */

/** Seconds that a proof is good after `iat`, and that `iat` may lie in the future: clocks differ. */
export const proofLife = { after: 60, ahead: 30 } as const;

/** Characters of a proof at most, and of its `jti`. */
export const longestProof = 8192;
export const longestProofId = 512;
