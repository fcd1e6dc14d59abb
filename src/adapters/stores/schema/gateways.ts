/** Tables of gateways: who was invited, and which certificates they have. */

export interface GatewayTables {
  gateway_invitations: {
    /** base64url SHA-256 of the code's secret. */
    code_hash: string;
    /** What the gateway will be called; null = as it likes. */
    name: string | null;
    /** `name@tenant` of the administrator. */
    created_by: string;
    created_at: number;
    expires_at: number;
    /** null = nobody has come yet. */
    used_at: number | null;
  };
  /** Those that were issued to gateways that enrolled. */
  gateway_certificates: {
    /** SHA-256, hexadecimal, with colons. */
    fingerprint: string;
    /** Hexadecimal. */
    serial: string;
    name: string;
    issued_at: number;
    expires_at: number;
  };
}
