/** Tables of identity providers, of the users that they speak for, and of the assertions that were used up. */

export interface IdentityProviderTables {
  identity_providers: {
    id: string;
    tenant: string;
    name: string;
    /** `Issuer` of its assertions. */
    entity_id: string;
    enabled: 0 | 1;
    /** JSON of an `IdentityProvider` without what the other columns say. */
    body: string;
  };
  /** A user without an account here, as the last assertion about him said. */
  federated_users: {
    /** As tokens name him (`federatedSubject`). */
    subject: string;
    provider_id: string;
    tenant: string;
    /** As the provider names him. */
    name: string;
    /** JSON array of roles here. */
    roles: string;
    /** JSON object. */
    claims: string;
    /** When the last assertion, session or refresh token of his ends. */
    expires_at: number;
  };
  used_assertions: {
    issuer: string;
    /** base64url SHA-256 of the assertion's ID. */
    id_hash: string;
    /** Of the tokens that it was exchanged for. */
    family: string;
    expires_at: number;
  };
}
