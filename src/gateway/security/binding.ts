/** Keys that tokens are bound to: whoever sends one has to prove them (`cnf`, RFC 7800). */

export interface Binding {
  /** Thumbprint of the key of DPoP proofs (RFC 9449 section 6.1); null = none is needed. */
  readonly jkt: string | null;
  /** base64url SHA-256 of the client certificate (RFC 8705 section 3.1); null = none is needed. */
  readonly certificate: string | null;
}

/** By the claim `cnf`; null = there is none. What is bound in a way that is not known here is bound to nothing that anybody has. */
export function bindingOf(cnf: unknown): Binding | null {
  if (cnf === undefined || cnf === null) return null;
  const { jkt, 'x5t#S256': certificate } = Object(cnf) as Record<string, unknown>;
  return { jkt: text(jkt), certificate: text(certificate) };
}

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
