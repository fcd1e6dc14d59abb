/** Which keys a token is bound to: its bearer has to prove them (`cnf`, RFC 7800). */

export interface Confirmation {
  /** Thumbprint of the key of DPoP proofs (RFC 9449 section 6). */
  readonly jkt?: string;
  /** Of the certificate of the connection (RFC 8705 section 3.1). */
  readonly 'x5t#S256'?: string;
}

/** As it stands in rows, the same for the same keys; empty = none. */
export function writeConfirmation({ jkt, 'x5t#S256': certificate }: Confirmation): string {
  if (jkt === undefined && certificate === undefined) return '';
  return JSON.stringify({ ...(jkt && { jkt }), ...(certificate && { 'x5t#S256': certificate }) });
}

export const readConfirmation = (text: string): Confirmation => (text === '' ? {} : (JSON.parse(text) as Confirmation));

/** The claim of a token or of what is said of one. */
export const cnf = (confirmation: Confirmation): { readonly cnf?: Confirmation } =>
  writeConfirmation(confirmation) === '' ? {} : { cnf: confirmation };

/** How the token is sent (RFC 6750, RFC 9449 section 5). */
export const tokenType = ({ jkt }: Confirmation): 'Bearer' | 'DPoP' => (jkt === undefined ? 'Bearer' : 'DPoP');
