/** The tables of the store, as kysely sees them. Times are seconds since the epoch unless the name ends in `_ms`. */
import type { Generated } from 'kysely';
import type { LifeCycleStatus } from '../../core/api.ts';
import type { KeyType, SubscriptionState, TokenType } from '../../core/application.ts';
import type { AdminTables } from './schema/admin.ts';
import type { CatalogTables } from './schema/catalog.ts';
import type { GatewayTables } from './schema/gateways.ts';
import type { GrantTables } from './schema/grants.ts';
import type { IdentityProviderTables } from './schema/identity-providers.ts';
import type { LogInTables } from './schema/log-in.ts';
import type { PeopleTables } from './schema/people.ts';
import type { PortalTables } from './schema/portal.ts';
import type { ProofTables } from './schema/proofs.ts';
import type { ServiceProviderTables } from './schema/service-providers.ts';

/** Tables of one area are declared in a file of their own, with the migration that makes them. */
export interface Schema
  extends CatalogTables,
    PortalTables,
    AdminTables,
    GatewayTables,
    LogInTables,
    IdentityProviderTables,
    ServiceProviderTables,
    GrantTables,
    ProofTables,
    PeopleTables {
  meta: { key: string; value: string };
  /** As in `StoreHead`. */
  head: { id: 1; number: number; version: Generated<number>; revoked_all: Generated<number> };
  changes: { number: number; kind: string; id: string; body: string | null; at_ms: number };
  entities: {
    kind: string;
    id: string;
    body: string;
    number: number;
    /** From when on nobody needs it any more; null = until it is deleted. */
    expires_at: number | null;
  };
  users: {
    id: string;
    tenant: string;
    name: string;
    password_hash: string;
    created_at: number;
    /** PENDING: signed up, and not approved yet. Such a user can't log in. */
    state: 'ACTIVE' | 'PENDING';
  };
  user_roles: { user_id: string; role: string };
  applications: {
    ordinal: Generated<number>;
    id: string;
    tenant: string;
    name: string;
    owner: string;
    tier: string;
    token_type: TokenType;
    description: string;
    /** `CREATED` and `REJECTED`: a workflow has not approved it. */
    status: 'APPROVED' | 'CREATED' | 'REJECTED';
    /** JSON object of strings. */
    attributes: string;
    /** JSON array of the names that its owner gave; they share nothing. */
    group_names: string;
    created_at: number;
    updated_at: number;
  };
  clients: {
    consumer_key: string;
    tenant: string;
    /** null: registered for an OAuth client that is no application of the developer portal. */
    application_id: string | null;
    key_type: KeyType;
    name: string;
    owner: string;
    /** AES-256-GCM under the store key; null when only the hash is kept. */
    secret_sealed: string | null;
    /** base64url SHA-256; set when `hashClientSecrets` is on. */
    secret_hash: string | null;
    token_type: TokenType;
    /** Space-separated grant types that the client may use. */
    grant_types: string;
    callback_url: string;
    /** 1: users of every tenant may use it. */
    saas_app: 0 | 1;
    state: 'ACTIVE' | 'INACTIVE';
    created_at: number;
    /** Seconds that its tokens are valid, below 0 = for ever; null = as the options say. */
    application_validity: number | null;
    user_validity: number | null;
    refresh_validity: number | null;
    /** JSON of what it says of itself beyond the columns, in the names of RFC 7591 (`ClientMetadata`). */
    metadata: string;
    /** base64url SHA-256 of the token that manages its registration (RFC 7592); null = it has none. */
    registration_hash: string | null;
  };
  apis: {
    id: string;
    tenant: string;
    name: string;
    context: string;
    version: string;
    provider: string;
    status: LifeCycleStatus;
    type: string;
    description: string;
    visibility: string;
    access_control: string;
    /** The `CatalogApi` of `core/catalog-api.ts` as JSON. What stands beside it is for searching. */
    body: string;
    /** OpenAPI, as JSON. */
    definition: string;
    created_at: number;
    updated_at: number;
  };
  api_tags: { api_id: string; tag: string };
  /** Roles that see an API in the developer portal (`view`) or in the publisher (`edit`), where that is restricted. */
  api_roles: { api_id: string; purpose: 'view' | 'edit'; role: string };
  api_scopes: {
    api_id: string;
    name: string;
    /** JSON array of the roles that may have the scope; empty = everybody. */
    roles: string;
  };
  subscriptions: {
    id: string;
    api_id: string;
    application_id: string;
    tier: string;
    state: SubscriptionState;
    created_at: number;
  };
  access_tokens: {
    /** The `jti` of a JWT; the row's id of an opaque token. */
    id: string;
    tenant: string;
    /** The issuer's URL when it was issued: with the id, the identity of a JWT. */
    issuer: string;
    consumer_key: string;
    /** `name@tenant` of the user, or of the application's owner for a token of the application itself. */
    subject: string;
    user_type: 'APPLICATION' | 'APPLICATION_USER';
    grant_type: string;
    /** Space-separated, sorted. */
    scope: string;
    form: TokenType;
    /** base64url SHA-256 of an opaque token; null for a JWT. */
    token_hash: string | null;
    /** From which, with the id, the store key derives an opaque token again; null for a JWT. */
    nonce: string | null;
    issued_at: number;
    expires_at: number;
    /** REPLACED: accepted until it expires, but another one is handed out now. */
    state: 'ACTIVE' | 'REPLACED' | 'REVOKED';
    /** JSON of the claim `act` (RFC 8693 section 4.1): who acts for the subject; null = nobody. */
    act: string | null;
    /** JSON of the claims that user info gives beyond those of the scope; null = none. */
    claims: string | null;
    /** JSON of the keys of which its bearer has to prove one (`cnf`, RFC 7800); empty = of none. */
    confirmation: string;
  };
  /** With which families of refresh tokens an access token was handed out. */
  access_token_families: { access_id: string; family: string };
  refresh_tokens: {
    id: string;
    /** All tokens that came from one grant by rotation share it. */
    family: string;
    tenant: string;
    consumer_key: string;
    subject: string;
    /** The scope as granted; a refresh may ask for less. */
    scope: string;
    token_hash: string;
    nonce: string;
    issued_at: number;
    expires_at: number;
    state: 'ACTIVE' | 'USED' | 'REVOKED';
    /** When it was used, and what it was exchanged for. */
    used_at_ms: number | null;
    successor_id: string | null;
    /** JSON of the `LogIn` at an authorization endpoint that it came from; null = of another grant. */
    log_in: string | null;
    /** As of access tokens: what a refresh has to prove. */
    confirmation: string;
    /** Nothing that comes of the same grant lives longer; null = as the options say. */
    not_after: number | null;
    /** The grant with which its family began; empty = of before this was kept. */
    grant_type: string;
  };
  signing_keys: {
    kid: string;
    algorithm: string;
    public_jwk: string;
    /** Empty once it signs no more. */
    private_sealed: string;
    created_at: number;
    /** From this second on it may sign; gateways and nodes know it before. */
    signs_from: number;
    /** From this second on it signs no more, by order; null = until the next one of its algorithm signs. */
    retired_at: number | null;
    /** No token that it signed expires later. */
    needed_until: number;
    /** WITHDRAWN: all that it signed has expired. REVOKED: nothing that it signed is good. Gateways know neither. */
    state: 'ACTIVE' | 'WITHDRAWN' | 'REVOKED';
    origin: 'MADE' | 'IMPORTED';
  };
}
