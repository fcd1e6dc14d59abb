/** By what others may sign what they send us: client assertions, DPoP proofs, assertions about users. */

/** Asymmetric only, so that nothing public can serve as a secret (RFC 8725 section 3.1). */
export const jwsAlgorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'].concat([
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]);
